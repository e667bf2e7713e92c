import Testing
import WarrenInventory
import WarrenModel
import WarrenPlan

@testable import WarrenRollout

/// What gateways are told after a roll-out that did not go as it should.
@Suite struct MeshControlTests {
    private let a = SiteName("a")!, b = SiteName("b")!

    private func content(isTranslated: Bool = false) -> MeshContent {
        let sites = [a, b].enumerated().map { number, name in
            let network = IPPrefix("10.\(number + 1).0.0/24")!
            let translation = NetworkTranslation(network: network, visible: IPPrefix("10.\(number + 101).0.0/24")!)!
            return Site(
                name: name,
                gateway: Gateway(
                    publicAddresses: [IPAddress("198.51.100.\(number + 1)")!],
                    privateAddress: IPAddress("10.\(number + 1).0.1")!, platform: .embedded, ipsec: IPsecParameters()),
                networks: [network], translations: isTranslated ? [translation] : [])
        }
        return MeshContent(Inventory(mesh: "test", sites: sites), assignments: .none)
    }

    private func time(_ seconds: UInt64) -> MonotonicTime { MonotonicTime(nanoseconds: seconds * 1_000_000_000) }

    /// A gateway that went back from a state takes none that is older: what it shall run then has a newer version.
    @Test func whatAGatewayWentBackToIsToldUnderANewerVersion() throws {
        var control = MeshControl()
        _ = control.accept(.init(content(), enrolled: [a, b]), now: time(0))
        let before = StateVersion(generation: control.generation)
        for site in [a, b] { greet(&control, site, before, at: 1) }
        _ = control.accept(.init(content(isTranslated: true), enrolled: [a, b]), now: time(2))
        let refused = try #require(control.intendedVersion(of: a))
        #expect(refused > before)
        let account = GatewayAccount(site: a, version: before, rejected: refused, failure: "it can't")
        let actions = control.handle(.reported(account), now: time(3))
        let isRolledBack = actions.contains { if case .rollBack = $0 { true } else { false } }
        #expect(isRolledBack, "\(actions)")
        _ = control.accept(.init(content(), kind: .rollBack, strategy: .rollingBack, enrolled: [a, b]), now: time(4))
        let target = try #require(control.target(of: a))
        #expect(target.version > refused && target.plan == content().mesh(addresses: [:], keyFloors: [:])[a])
    }

    /// A stream, and the first report on it.
    private func greet(_ control: inout MeshControl, _ site: SiteName, _ version: StateVersion, at seconds: UInt64) {
        _ = control.handle(.connected(site, version: version, isOnTrial: false), now: time(seconds))
        _ = control.handle(.reported(GatewayAccount(site: site, version: version)), now: time(seconds))
    }

    /// Before a gateway has reported on its stream, nobody knows which of its links are up, and would miss them.
    @Test func nobodyIsOfferedAnythingUnheard() throws {
        var control = MeshControl()
        _ = control.accept(.init(content(), enrolled: [a, b]), now: time(0))
        let version = StateVersion(generation: control.generation), link = try #require(LinkID(a, b))
        greet(&control, a, version, at: 1)
        _ = control.handle(.connected(b, version: version, isOnTrial: false), now: time(1))
        let strategy = RolloutStrategy(canary: .none, batches: [])
        let actions = control.accept(.init(content(isTranslated: true), strategy: strategy, enrolled: [a, b]), now: time(2))
        #expect(actions.contains(.offer(a)) && !actions.contains(.offer(b)))
        #expect(control.isNews(GatewayAccount(site: b, version: version)))
        _ = control.handle(.link(link, isUp: true), now: time(3))
        #expect(control.handle(.reported(GatewayAccount(site: b, version: version)), now: time(3)).contains(.offer(b)))
        // The link was up before anything was done to b: it has to come up again.
        for site in [a, b] {
            let version = try #require(control.intendedVersion(of: site))
            _ = control.handle(.reported(GatewayAccount(site: site, version: version)), now: time(4))
        }
        _ = control.handle(.link(link, isUp: false), now: time(5))
        _ = control.handle(.tick, now: time(60))
        #expect(control.rollout?.view.steps.first?.waves.first?.phase == .running)
    }

    /// What was known of a gateway's links is not any longer once it is silent, though its stream is open.
    @Test func nobodyIsOfferedAnythingWhileSilent() throws {
        var control = MeshControl()
        _ = control.accept(.init(content(), enrolled: [a, b]), now: time(0))
        let version = StateVersion(generation: control.generation)
        for site in [a, b] { greet(&control, site, version, at: 1) }
        _ = control.handle(.silent(b), now: time(11))
        let strategy = RolloutStrategy(canary: .none, batches: [])
        let actions = control.accept(.init(content(isTranslated: true), strategy: strategy, enrolled: [a, b]), now: time(12))
        #expect(actions.contains(.offer(a)) && !actions.contains(.offer(b)))
        #expect(control.handle(.reported(GatewayAccount(site: b, version: version)), now: time(13)).contains(.offer(b)))
    }

    /// Of a site without an agent there is nobody to be heard.
    @Test func nobodyWaitsForASiteWithoutAnAgent() {
        var control = MeshControl()
        _ = control.handle(.restarted, now: time(0))
        _ = control.accept(.init(content(), enrolled: [a]), now: time(1))
        greet(&control, a, StateVersion(generation: control.generation), at: 2)
        let strategy = RolloutStrategy(canary: .none, batches: [])
        let actions = control.accept(.init(content(isTranslated: true), strategy: strategy, enrolled: [a]), now: time(3))
        #expect(actions.contains(.offer(a)))
    }

    /// A controller that has just started waits for those that it knows, before it begins with a change.
    @Test func afterARestartTheMeshIsHeardFirst() {
        var control = MeshControl()
        _ = control.accept(.init(content(), enrolled: [a, b]), now: time(0))
        let version = StateVersion(generation: control.generation)
        for site in [a, b] { greet(&control, site, version, at: 1) }
        _ = control.handle(.restarted, now: time(100))
        greet(&control, a, version, at: 101)
        let strategy = RolloutStrategy(canary: .none, batches: [])
        var actions = control.accept(.init(content(isTranslated: true), strategy: strategy, enrolled: [a, b]), now: time(102))
        #expect(!actions.contains(.offer(a)))
        _ = control.handle(.connected(b, version: version, isOnTrial: false), now: time(103))
        actions = control.handle(.reported(GatewayAccount(site: b, version: version)), now: time(103))
        #expect(actions.contains(.offer(a)) && actions.contains(.offer(b)))
        // Who does not come is not waited for without end.
        _ = control.handle(.restarted, now: time(200))
        greet(&control, a, control.intendedVersion(of: a) ?? version, at: 201)
        _ = control.accept(.init(content(), strategy: strategy, enrolled: [a, b]), now: time(202))
        #expect(control.handle(.tick, now: time(202 + UInt64(strategy.lateAfterSeconds))).contains(.offer(a)))
    }

    /// Long after the restart, that is: whoever is away and leaves the mesh keeps nobody.
    @Test func whoIsAwayAndLeavesIsNotWaitedFor() {
        var control = MeshControl()
        _ = control.handle(.restarted, now: time(0))
        _ = control.accept(.init(content(), enrolled: [a, b]), now: time(1))
        greet(&control, a, StateVersion(generation: control.generation), at: 100)
        let sites = content().inventory.sites.filter { $0.name == a }
        let alone = MeshContent(Inventory(mesh: "test", sites: sites), assignments: .none)
        _ = control.accept(.init(alone, enrolled: [a, b]), now: time(101))
        #expect(control.rollout?.view.leftBehind == [b])
    }

    /// The session of a gateway whose site was out of the mesh when it connected: a roll-out counts it in once its site is back.
    @Test func whoReportsIsConnected() throws {
        var control = MeshControl()
        _ = control.accept(.init(content(), enrolled: [a, b]), now: time(0))
        let version = StateVersion(generation: control.generation)
        greet(&control, a, version, at: 1)
        _ = control.handle(.reported(GatewayAccount(site: b, version: version)), now: time(1))
        #expect(control.connected == [a, b])
        let strategy = RolloutStrategy(canary: .none, batches: [])
        let actions = control.accept(
            .init(content(isTranslated: true), strategy: strategy, enrolled: [a, b]), now: time(2))
        #expect(Set(actions.compactMap { if case .offer(let site) = $0 { site } else { nil } }) == [a, b], "\(actions)")
        _ = control.handle(.disconnected(b), now: time(3))
        #expect(control.connected == [a])
    }

    /// A gateway that waits for its next step runs what it was offered for good: an address reaches it without a trial.
    @Test func aGatewayBetweenTwoStepsIsSettled() {
        var progress = SiteProgress()
        #expect(!progress.hasSettled)
        progress.offer = RolloutOffer(
            site: a, step: .expand, version: StateVersion(generation: Generation(rawValue: 2), revision: 1), trialSeconds: 60)
        progress.settledStep = .expand
        #expect(progress.hasSettled)
        progress.hasRefused = true
        #expect(!progress.hasSettled)
        progress.hasRefused = false
        progress.state = .offered
        #expect(!progress.hasSettled)
    }
}

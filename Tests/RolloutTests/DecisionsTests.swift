import Testing
import WarrenInventory
import WarrenModel
import WarrenPlan

@testable import WarrenRollout

/// What happened while nothing could be kept is part of what is decided next.
@Suite struct DecisionsTests {
    private let a = SiteName("a")!, b = SiteName("b")!

    private func time(_ seconds: UInt64) -> MonotonicTime { MonotonicTime(nanoseconds: seconds * 1_000_000_000) }

    private func content(learnsAddress: Bool) -> MeshContent {
        let sites = [a, b].enumerated().map { number, name in
            Site(
                name: name,
                gateway: Gateway(
                    publicAddresses: name == b && learnsAddress ? [] : [IPAddress("198.51.100.\(number + 1)")!],
                    privateAddress: IPAddress("10.\(number + 1).0.1")!, platform: .embedded, ipsec: IPsecParameters(),
                    publicAddressSource: name == b && learnsAddress ? .agent : .inventory),
                networks: [IPPrefix("10.\(number + 1).0.0/24")!])
        }
        return MeshContent(Inventory(mesh: "test", sites: sites), assignments: .none)
    }

    /// Both gateways run the first generation and were heard; the address of b is not known yet.
    private func standing() -> Decisions {
        var control = MeshControl()
        _ = control.accept(.init(content(learnsAddress: true), enrolled: [a, b]), now: time(0))
        for site in [a, b] {
            let version = StateVersion(generation: control.generation)
            _ = control.handle(.connected(site, version: version, isOnTrial: false), now: time(1))
            _ = control.handle(.reported(GatewayAccount(site: site, version: version)), now: time(1))
        }
        return Decisions(control)
    }

    @Test func whatIsPostponedIsDoneWithTheNext() throws {
        var decisions = standing()
        let before = try #require(decisions.control.intendedVersion(of: a))
        let learned = decisions.decide([.learned([b: [IPAddress("198.51.100.2")!]])], now: time(2))
        #expect(decisions.mustBeKept(learned) && learned.actions.contains(.offer(a)))
        var done = decisions.postpone(learned)
        #expect(done == [])
        // What is on disk stands, and nothing new can begin without it.
        #expect(decisions.isPostponed && decisions.control.intendedVersion(of: a) == before)
        let link = try #require(LinkID(a, b))
        let turned = decisions.decide([.link(link, isUp: true), .tick], now: time(3))
        #expect(decisions.mustBeKept(turned) && turned.actions.contains(.offer(a)))
        done = decisions.postpone(turned)
        #expect(done == [])
        let next = decisions.decide([.tick], now: time(4))
        #expect(next.actions.filter { $0 == .offer(a) }.count == 1)
        let hadWaited = decisions.keep(next)
        #expect(hadWaited && !decisions.isPostponed)
        #expect(try #require(decisions.control.intendedVersion(of: a)) > before)
        #expect(decisions.decide([.tick], now: time(5)).actions == [])
    }

    /// A confirmation that is lost is asked for again: it waits for no disk. What was said before needs none, either.
    @Test func whatNeedsNoDiskIsDoneAtOnce() {
        var decisions = standing()
        let version = StateVersion(generation: decisions.control.generation)
        let greeted = decisions.decide([.connected(a, version: version, isOnTrial: true)], now: time(2))
        #expect(greeted.actions.contains(.confirm(a, version)) && !decisions.mustBeKept(greeted))
        let done = decisions.postpone(greeted)
        #expect(done.contains(.confirm(a, version)))
    }

    /// An order that could not be kept was not given.
    @Test func anOrderThatIsDroppedChangesNothing() {
        var decisions = standing()
        var next = decisions.newest
        let proposal = MeshControl.Proposal(
            content(learnsAddress: false), strategy: RolloutStrategy(canary: .none, batches: []), enrolled: [a, b])
        let actions = next.accept(proposal, now: time(2))
        decisions.keep(decisions.decision(next, actions))
        #expect(decisions.control.rollout?.state == .running)
        let pause = decisions.decide([.command(.pause)], now: time(3))
        #expect(decisions.mustBeKept(pause) && pause.control.rollout?.state == .paused)
        #expect(decisions.newest.rollout?.state == .running)
    }
}

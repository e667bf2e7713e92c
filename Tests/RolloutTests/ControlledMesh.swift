import Testing
import WarrenInventory
import WarrenModel
import WarrenPlan

@testable import WarrenRollout

/// A control with gateways that do at once what they are told, but for those that refuse or are away.
struct ControlledMesh {
    /// A gateway's agent.
    struct Agent {
        var running = StateVersion.none
        var good = StateVersion.none
        var rejected: StateVersion?
        var isOnTrial: Bool { running != good }
    }

    var control: MeshControl
    var agents: [SiteName: Agent] = [:]
    var away: Set<SiteName> = []
    /// These refuse whatever is offered on trial.
    var refusing: Set<SiteName> = []
    /// These brought the links to others back to the old way when their daemons started anew, and ask for the new one in their turn.
    var restarted: Set<SiteName> = []
    /// All that each gateway was told, in order, each once.
    private(set) var told: [(site: SiteName, version: StateVersion)] = []
    private(set) var rollBacks: [Generation] = []
    private(set) var outcomes: [RolloutOutcome] = []
    private(set) var seconds: UInt64 = 1

    static let names = ["a", "b", "c", "d"].compactMap { SiteName($0) }

    /// - Parameter dynamic: its agent tells its address.
    static func content(keyEpoch: UInt32? = nil, dynamic: SiteName? = nil, mtu: Int? = nil) -> MeshContent {
        let sites = names.enumerated().map { number, name in
            var gateway = Gateway(
                publicAddresses: name == dynamic ? [] : [IPAddress(v4: 0xc633_6401 + UInt32(number))],
                privateAddress: IPAddress(v4: 0x0a00_0001 + UInt32(number + 1) << 16), platform: .embedded,
                ipsec: IPsecParameters())
            if name == dynamic { gateway.publicAddressSource = .agent }
            return Site(
                name: name, gateway: gateway,
                networks: [IPPrefix("10.\(number + 1).0.0/24")].compactMap(\.self))
        }
        var assignments = Assignments.none
        if let keyEpoch {
            for first in names { for second in names { LinkID(first, second).map { assignments.keyEpochs[$0] = keyEpoch } } }
        }
        return MeshContent(Inventory(mesh: "test", sites: sites), assignments: assignments)
    }

    /// Everybody runs `content` as generation 1, and every link is up.
    init(_ content: MeshContent = content()) {
        control = MeshControl()
        _ = control.accept(.init(content, enrolled: []), now: MonotonicTime(nanoseconds: 0))
        for name in Self.names {
            agents[name] = Agent()
            connect(name)
        }
        bringLinksUp()
    }

    private var now: MonotonicTime { MonotonicTime(nanoseconds: seconds * 1_000_000_000) }

    var isUnderWay: Bool { control.isRollingOut }

    mutating func accept(
        _ content: MeshContent, kind: Rollout.Kind = .forward, strategy: RolloutStrategy = RolloutStrategy()
    ) {
        perform(
            control.accept(
                .init(content, kind: kind, strategy: strategy, enrolled: Set(Self.names)), now: now))
        for name in Self.names { offer(name) }
    }

    mutating func tell(_ event: ControlEvent) { perform(control.handle(event, now: now)) }

    /// Lets time pass until nothing is left to wait for.
    mutating func run() {
        for _ in 0..<10_000 {
            guard let deadline = control.deadline() else { return }
            seconds = max(seconds, (deadline.nanoseconds + 999_999_999) / 1_000_000_000)
            tell(.tick)
        }
        Issue.record("it goes on for ever: \(String(describing: control.rollout?.view))")
    }

    mutating func connect(_ site: SiteName) {
        guard let agent = agents[site], !away.contains(site) else { return }
        tell(.connected(site, version: agent.running, isOnTrial: agent.isOnTrial))
        report(site)
    }

    mutating func bringLinksUp() {
        for (position, first) in Self.names.enumerated() {
            for second in Self.names[(position + 1)...] where away.isDisjoint(with: [first, second]) {
                LinkID(first, second).map { tell(.link($0, isUp: true)) }
            }
        }
    }

    mutating func pass(seconds: UInt64) { self.seconds += seconds }

    mutating func report(_ site: SiteName) {
        guard let agent = agents[site], !away.contains(site) else { return }
        tell(
            .reported(
                GatewayAccount(
                    site: site, version: agent.running, isOnTrial: agent.isOnTrial, rejected: agent.rejected,
                    failure: agent.rejected.map { "refuses \($0)" },
                    onAlternative: restarted.filter { $0 != site && (agents[$0]?.running.revision ?? 0) < 2 }.sorted())))
    }

    private mutating func perform(_ actions: [ControlAction]) {
        for action in actions {
            switch action {
            case .offer(let site), .remind(let site): offer(site)
            case .confirm(let site, let version):
                guard agents[site]?.running == version else { continue }
                agents[site]?.good = version
                report(site)
            case .rollBack(let generation, _): rollBacks.append(generation)
            case .finished(let outcome): outcomes.append(outcome)
            case .note: break
            }
        }
    }

    private mutating func offer(_ site: SiteName) {
        guard let agent = agents[site], !away.contains(site),
            let target = control.target(of: site, unless: agent.running), target.version != agent.rejected
        else { return }
        told.append((site, target.version))
        // As an agent does: nothing older than what it has or refused.
        guard target.version > max(agent.running, agent.rejected ?? .none) else {
            Issue.record("\(site) is told \(target.version) while it runs \(agent.running)")
            return
        }
        if target.trialSeconds > 0, refusing.contains(site) {
            agents[site]?.rejected = target.version
            report(site)
            return
        }
        agents[site]?.rejected = nil
        agents[site]?.running = target.version
        if target.trialSeconds == 0 {
            agents[site]?.good = target.version
            report(site)
        } else {
            tell(.disconnected(site))
            connect(site)
        }
        if restarted.contains(site) { for other in Self.names where other != site { report(other) } }
    }

    /// What the gateway runs, as plans.
    func isAsPlanned(_ site: SiteName) -> Bool {
        control.target(of: site)?.version == agents[site]?.running && control.target(of: site)?.plan == control.mesh?[site]
    }
}

import WarrenModel
import WarrenPlan

/// How a new generation takes over.
extension MeshControl {
    /// A generation to be, and how its gateways are to be led there.
    public struct Proposal: Sendable {
        public var content: MeshContent
        public var kind: Rollout.Kind
        public var strategy: RolloutStrategy
        /// Only these sites' gateways; nil: all.
        public var limit: Set<SiteName>?
        /// Sites for which an agent is enrolled: the others are waited for by nobody, and get their state when they come.
        public var enrolled: Set<SiteName>

        public init(
            _ content: MeshContent, kind: Rollout.Kind = .forward, strategy: RolloutStrategy = RolloutStrategy(),
            limit: Set<SiteName>? = nil, enrolled: Set<SiteName>
        ) {
            self.content = content
            self.kind = kind
            self.strategy = strategy
            self.limit = limit
            self.enrolled = enrolled
        }
    }

    /// Makes the proposal the next generation and begins its roll-out; what was under way must be finished.
    ///
    /// Gateways whose plan stays the same keep their version. A site that is new, or has no agent yet, shall run the new
    /// generation at once, without a trial. One that is gone is led out in the roll-out as long as its agent is there.
    public mutating func accept(_ proposal: Proposal, now: MonotonicTime) -> [ControlAction] {
        let next = record.generation.next
        var new = record
        let courses = settledCourses()
        new.previous = record.generation
        new.generation = next
        new.rollout = nil
        new.courses = [:]
        new.addresses = record.addresses.filter { site, _ in
            proposal.content.inventory.sites.contains { $0.name == site && $0.gateway.publicAddressSource != .inventory }
        }
        let mesh = proposal.content.mesh(addresses: new.addresses, keyFloors: record.keyFloors)
        var fleet = RolloutFleet(changes: [:], links: [], changedLinks: [])
        var changedLinks: Set<LinkID> = []
        let members = Set(mesh.sites)
        for site in members.union(record.courses.keys).sorted() {
            let direct = SiteCourse(
                way: [Waypoint(next, .contract)], version: StateVersion(epoch: record.epoch, generation: next))
            let isLeaving = !members.contains(site)
            guard let course = courses[site], proposal.enrolled.contains(site),
                let old = plan(of: site, along: course.way)
            else {
                if !isLeaving { new.courses[site] = direct }
                continue
            }
            let plan = mesh[site] ?? old.withdrawn
            let steps = old == plan ? [] : GatewayPlan.steps(from: old, to: plan)
            if steps.isEmpty {
                if !isLeaving { new.courses[site] = SiteCourse(way: direct.way, version: course.version) }
                continue
            }
            new.courses[site] = course
            new.courses[site]?.isLeaving = isLeaving
            fleet.changes[site] = steps
            if isLeaving { fleet.leaving.insert(site) }
            for peer in GatewayPlan.changedPeers(from: old, to: plan) { LinkID(site, peer).map { _ = changedLinks.insert($0) } }
            for tunnel in plan.tunnels where site < tunnel.peer || fleet.changes[tunnel.peer] == nil {
                LinkID(site, tunnel.peer).map { fleet.links.append($0) }
            }
        }
        fleet.links = Array(Set(fleet.links)).sorted()
        fleet.changedLinks = changedLinks.sorted()
        var contents = allContents
        contents[next] = proposal.content
        adopt(new, contents: contents)
        let rollout = Rollout(
            kind: proposal.kind, epoch: record.epoch, generation: next, fleet: fleet.limited(to: proposal.limit),
            strategy: proposal.strategy)
        return begin(rollout, now: now)
    }
}

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

    /// The learned addresses that stay: also of a site that is to leave, or whose inventory says its address from now on, as
    /// long as any gateway may run what names the learned one.
    func neededAddresses(in content: MeshContent) -> [SiteName: [IPAddress]] {
        let learned = ([content] + allContents.values).map { content in
            Set(content.inventory.sites.lazy.filter { $0.gateway.publicAddressSource != .inventory }.map(\.name))
        }
        return record.addresses.filter { site, _ in learned.contains { $0.contains(site) } }
    }

    /// The proposal, to be looked into before it is accepted.
    public func succession(_ proposal: Proposal) -> Succession { Succession(self, proposal) }

    /// Makes the proposal the next generation and begins its roll-out; what was under way must be finished. Look at each
    /// gateway's target then, not at those alone that the actions name.
    public mutating func accept(_ proposal: Proposal, now: MonotonicTime) -> [ControlAction] {
        let succession = succession(proposal)
        let changes = Dictionary(uniqueKeysWithValues: succession.sites.map { ($0, succession.change(of: $0)) })
        return accept(succession, changes: changes, now: now)
    }

    /// The same of a succession from this very control, and what it changes for each of its sites.
    ///
    /// Gateways whose plan stays the same keep their version. A site that is new, or has no agent yet, shall run the new
    /// generation at once, without a trial. One that is gone is led out in the roll-out as long as its agent is there.
    public mutating func accept(
        _ succession: Succession, changes: [SiteName: Succession.Change], now: MonotonicTime
    ) -> [ControlAction] {
        let next = record.generation.next, proposal = succession.proposal
        var new = record
        new.previous = record.generation
        new.generation = next
        new.rollout = nil
        new.courses = [:]
        new.addresses = succession.addresses
        var touched: [SiteName: Set<TransitionStep>] = [:]
        var leaving: Set<SiteName> = [], links: [LinkID] = [], changedLinks: Set<LinkID> = []
        for site in succession.sites {
            let direct = SiteCourse(
                way: [Waypoint(next, .contract)], version: StateVersion(epoch: record.epoch, generation: next))
            let isLeaving = succession.isLeaving(site), change = changes[site] ?? .direct
            guard let course = succession.courses[site], !change.isDirect else {
                if !isLeaving { new.courses[site] = direct }
                continue
            }
            if change.steps.isEmpty {
                if !isLeaving { new.courses[site] = SiteCourse(way: direct.way, version: course.version) }
                continue
            }
            new.courses[site] = course
            new.courses[site]?.isLeaving = isLeaving
            touched[site] = change.steps
            if isLeaving { leaving.insert(site) }
            for peer in change.changedPeers { LinkID(site, peer).map { _ = changedLinks.insert($0) } }
            // Once: told by the first of its ends that is touched.
            for peer in change.peers where site < peer || touched[peer] == nil {
                LinkID(site, peer).map { links.append($0) }
            }
        }
        let fleet = RolloutFleet(
            changes: touched, links: links, changedLinks: Array(changedLinks), leaving: leaving)
        var contents = allContents
        contents[next] = proposal.content
        adopt(new, contents: contents, mesh: succession.mesh)
        worked = changes.compactMapValues(\.worked)
        let rollout = Rollout(
            kind: proposal.kind, epoch: record.epoch, generation: next, fleet: fleet.limited(to: proposal.limit),
            strategy: proposal.strategy)
        return begin(rollout, enrolled: proposal.enrolled, now: now)
    }
}

import WarrenModel
import WarrenPlan

/// The decisions of a controller, without its effects: which generation is current, what each gateway shall run at any moment,
/// and how far the roll-out is.
///
/// Pure: `accept` and `handle` take what happened and answer with what is to be done, in order. `record` is kept on disk before
/// any of it is done, and `init` goes on from it. What a gateway shall run is one function, `target(of:)`.
public struct MeshControl: Sendable {
    /// What must survive a restart, beside the contents of the generations that it names.
    public private(set) var record: Record
    /// Gateways with an open stream, and what they last said they run.
    public private(set) var connected: Set<SiteName> = []
    private var told: [SiteName: StateVersion] = [:]
    /// Those that have reported on their stream, and were not silent since.
    private var spoken: Set<SiteName> = []
    /// When this controller started; nil for one that never was another.
    private var restartedAt: MonotonicTime?
    /// The links that are up, by both of their ends.
    private var up: [SiteName: Set<SiteName>] = [:]
    private var contents: [Generation: MeshContent]
    var meshes: [Generation: MeshDerivation]
    /// What was worked out when the current generation was accepted, as long as it holds.
    var worked: [SiteName: WorkedPlans] = [:]
    /// What gateways shall run since an address or the floor of a key changed, likewise.
    private var known: [SiteName: KnownPlan] = [:]

    public struct Record: Sendable, Equatable, Codable {
        public var epoch: UInt64
        public var generation = Generation.none
        /// What `generation` was rolled out from.
        public var previous = Generation.none
        @Kept public var rollout: Rollout? = nil
        /// Of sites whose addresses the inventory doesn't say.
        public var addresses: [SiteName: [IPAddress]] = [:]
        /// Keys of these epochs or later alone are used, whatever a generation says: the older ones were given away.
        public var keyFloors: [LinkID: UInt32] = [:]
        var courses: [SiteName: SiteCourse] = [:]

        public init(epoch: UInt64 = 1) { self.epoch = epoch }

        /// The generations whose contents are needed.
        public var generations: Set<Generation> {
            Set(courses.values.flatMap { $0.way.map(\.generation) }).union([generation, previous]).subtracting([.none])
        }
    }

    /// A mesh in which nobody is connected yet.
    ///
    /// - Parameters:
    ///   - contents: of `record.generations`.
    ///   - epoch: when it is above the record's, the state comes from a backup: every gateway is led to what it says, under
    ///     the new epoch, and a roll-out that was under way is over.
    public init(_ record: Record = Record(), contents: [Generation: MeshContent] = [:], epoch: UInt64 = 1) {
        self.record = record
        self.contents = contents
        meshes = contents.mapValues { $0.mesh(addresses: record.addresses, keyFloors: record.keyFloors) }
        if epoch > record.epoch { restore(epoch) }
    }

    public var generation: Generation { record.generation }
    public var content: MeshContent? { contents[record.generation] }
    /// The mesh of the current generation; nil before the first.
    public var mesh: MeshDerivation? { meshes[record.generation] }
    public var rollout: Rollout? { record.rollout }
    /// Whether a new generation must wait.
    public var isRollingOut: Bool { record.rollout.map { !$0.isFinished } ?? false }

    // MARK: What each gateway shall run

    /// What the gateway shall run now; nil for a site that the control does not lead, and when it is of the version `known`.
    public func target(of site: SiteName, unless known: StateVersion? = nil) -> SiteTarget? {
        guard let (way, version, trialSeconds) = aim(of: site), version != known, let plan = plan(of: site, along: way) else {
            return nil
        }
        return SiteTarget(version: version, plan: plan, trialSeconds: trialSeconds)
    }

    /// The version of that.
    public func intendedVersion(of site: SiteName) -> StateVersion? {
        guard let course = record.courses[site] else { return nil }
        return currentIssue(of: site, on: course)?.version ?? course.version
    }

    /// Whether the site is one of those that the control leads.
    public func leads(_ site: SiteName) -> Bool { record.courses[site] != nil }

    private func aim(of site: SiteName) -> (way: [Waypoint], version: StateVersion, trialSeconds: UInt32)? {
        guard let course = record.courses[site] else { return nil }
        guard let issue = currentIssue(of: site, on: course) else { return (course.way, course.version, 0) }
        let isSettled = record.rollout?.sites[site]?.hasSettled ?? false
        let trialSeconds = isSettled ? 0 : record.rollout?.target(of: site)?.trialSeconds ?? 0
        return (course.way(through: record.generation, at: issue.step), issue.version, trialSeconds)
    }

    /// While an offer is taken back to be made again, the one before stands.
    private func currentIssue(of site: SiteName, on course: SiteCourse) -> SiteCourse.Issue? {
        guard !course.issues.isEmpty else { return nil }
        guard let offer = record.rollout?.target(of: site) else { return course.issues.last }
        return course.issues.last { $0.offered == offer.version } ?? course.issues.last
    }

    /// The gateway's plan after it was led along `way`.
    func plan(of site: SiteName, along way: [Waypoint]) -> GatewayPlan? {
        if let known = known[site], known.way == way { return known.plan }
        if let known = worked[site]?.plan(along: way) { return known }
        var plan: GatewayPlan?
        for point in way {
            guard let next = meshes[point.generation]?[site] ?? plan?.withdrawn else { continue }
            plan = GatewayPlan.transition(from: plan, to: next, at: point.step)
        }
        return plan
    }

    // MARK: What happens

    public mutating func handle(_ event: ControlEvent, now: MonotonicTime) -> [ControlAction] {
        switch event {
        case .connected(let site, let version, let isOnTrial):
            connected.insert(site)
            spoken.remove(site)
            told[site] = version
            let actions =
                advance(
                    .connected(site, version: offered(version, to: site), isOnTrial: isOnTrial), now)
                + (isOnTrial && isToStay(version, of: site) ? [.confirm(site, version)] : [])
            return actions.contains(.offer(site)) ? actions : [.remind(site)] + actions
        case .disconnected(let site):
            connected.remove(site)
            spoken.remove(site)
            return advance(.disconnected(site), now)
        case .silent(let site): return spoken.remove(site) == nil ? [] : advance(.disconnected(site), now)
        case .reported(var account):
            guard isNews(account) else { return [] }
            // Who reports is connected, also when its site had left the mesh while its session was opened, and came back.
            let greeting =
                connected.contains(account.site)
                ? [] : handle(.connected(account.site, version: account.version, isOnTrial: account.isOnTrial), now: now)
            // What is the same is not written: it would copy what this control shares with the one before.
            if !spoken.contains(account.site) { spoken.insert(account.site) }
            if told[account.site] != account.version { told[account.site] = account.version }
            account.version = offered(account.version, to: account.site)
            account.rejected = account.rejected.map { offered($0, to: account.site) }
            return greeting + advance(.reported(account), now)
        case .link(let link, let isUp):
            for site in link.sites {
                guard let peer = link.peer(of: site) else { continue }
                if isUp { up[site, default: []].insert(peer) } else { up[site]?.remove(peer) }
            }
            return advance(.link(link, isUp: isUp), now)
        case .tick: return advance(.tick, now)
        case .restarted:
            (connected, spoken, up) = ([], [], [:])
            restartedAt = now
            if case .finished(let outcome)? = record.rollout?.state, case .rolledBack = outcome {
                return carryOut([.finished(outcome)])
            }
            return advance(.restarted, now)
        case .command(let command): return advance(.command(command), now)
        case .learned(let addresses): return replace(addresses: addresses, keyFloors: record.keyFloors)
        case .compromised(let site): return rotateAway(from: site)
        }
    }

    /// False for an account that certainly changes nothing: as most do, since it says what the one before did.
    public func isNews(_ account: GatewayAccount) -> Bool {
        guard spoken.contains(account.site), told[account.site] == account.version else { return true }
        return record.rollout?.isNews(account, running: offered(account.version, to: account.site)) ?? false
    }

    /// When a `tick` is due at the latest; nil when only another event can change anything.
    public func deadline() -> MonotonicTime? { record.rollout?.deadline() }

    /// It was offered in a roll-out that is over, and the one since has nothing else for the gateway.
    private func isToStay(_ version: StateVersion, of site: SiteName) -> Bool {
        record.rollout?.target(of: site) == nil && intendedVersion(of: site) == version
    }

    private func offered(_ version: StateVersion, to site: SiteName) -> StateVersion {
        record.courses[site]?.offered(as: version) ?? version
    }

    private mutating func advance(_ event: RolloutEvent, _ now: MonotonicTime) -> [ControlAction] {
        guard let actions = record.rollout?.handle(event, now: now) else { return [] }
        return carryOut(actions)
    }

    private mutating func carryOut(_ actions: [RolloutAction]) -> [ControlAction] {
        actions.map { action in
            switch action {
            case .offer(let offer):
                record.courses[offer.site]?.issue(offer)
                return .offer(offer.site)
            case .confirm(let site, let version):
                let issue = record.courses[site]?.issues.last { $0.offered == version }
                let known = told[site].flatMap { issue?.covers($0) == true ? $0 : nil }
                return .confirm(site, known ?? issue?.version ?? version)
            case .note(let note): return .note(note)
            case .finished(.rolledBack(let reason)) where record.previous > .none && record.rollout?.kind == .forward:
                return .rollBack(to: record.previous, reason: reason)
            case .finished(let outcome): return .finished(outcome)
            }
        }
    }

    // MARK: New contents

    /// Addresses and the floors of keys change under whatever runs: each gateway that they concern gets its state anew.
    mutating func replace(addresses: [SiteName: [IPAddress]], keyFloors: [LinkID: UInt32]) -> [ControlAction] {
        guard addresses != record.addresses || keyFloors != record.keyFloors else { return [] }
        var moved = Set(keyFloors.filter { record.keyFloors[$0.key] != $0.value }.keys.flatMap(\.sites))
        for site in Set(addresses.keys).union(record.addresses.keys) where addresses[site] != record.addresses[site] {
            moved.insert(site)
            for mesh in meshes.values { moved.formUnion(mesh.peers(of: site)) }
        }
        let before = moved.reduce(into: [:]) { plans, site in plans[site] = target(of: site)?.plan }
        record.addresses = addresses
        record.keyFloors = keyFloors
        for site in moved {
            worked[site] = nil
            known[site] = nil
        }
        meshes = contents.mapValues { $0.mesh(addresses: addresses, keyFloors: keyFloors) }
        var actions: [ControlAction] = []
        let isSmall = mesh.map { $0.linkCount <= WorkedPlans.mostLinks } ?? true
        for site in moved.sorted() {
            let way = aim(of: site)?.way, plan = way.flatMap { self.plan(of: site, along: $0) }
            if isSmall, let way, let plan { known[site] = KnownPlan(way, plan) }
            guard plan != before[site] else { continue }
            guard let course = record.courses[site], let issue = currentIssue(of: site, on: course),
                let index = course.issues.lastIndex(of: issue)
            else {
                record.courses[site]?.version.revision += 1
                actions.append(.offer(site))
                continue
            }
            record.courses[site]?.bump += 1
            record.courses[site]?.issues[index].last += 1
            actions.append(.offer(site))
        }
        return actions
    }

    private mutating func rotateAway(from site: SiteName) -> [ControlAction] {
        var floors = record.keyFloors
        for mesh in meshes.values {
            for key in mesh[site]?.keys ?? [] {
                floors[key.reference.link] = max(floors[key.reference.link] ?? 0, key.reference.epoch + 1)
            }
        }
        return replace(addresses: record.addresses, keyFloors: floors)
    }

    /// `mesh`: of the record's generation, as it is known already.
    mutating func adopt(_ record: Record, contents: [Generation: MeshContent], mesh: MeshDerivation) {
        let isSame = record.addresses == self.record.addresses && record.keyFloors == self.record.keyFloors
        var known = isSame ? meshes : [:]
        known[record.generation] = mesh
        self.record = record
        worked = [:]
        self.known = [:]
        let generations = record.generations
        self.contents = contents.filter { generations.contains($0.key) }
        meshes = Dictionary(
            uniqueKeysWithValues: self.contents.map { generation, content in
                let mesh = known[generation] ?? content.mesh(addresses: record.addresses, keyFloors: record.keyFloors)
                return (generation, mesh)
            })
    }

    mutating func begin(_ rollout: Rollout, enrolled: Set<SiteName>, now: MonotonicTime) -> [ControlAction] {
        var rollout = rollout
        // Soon after a restart, most links are not known to be up because their gateways were not heard.
        if let restartedAt { rollout.gather(enrolled.subtracting(spoken), since: restartedAt, now: now) }
        record.rollout = rollout
        let links = Set(up.flatMap { site, peers in peers.lazy.filter { site < $0 }.compactMap { LinkID(site, $0) } })
        let silent = connected.subtracting(spoken)
        let actions = record.rollout?.start(connected: connected, silent: silent, up: links, now: now) ?? []
        return carryOut(actions)
    }

    var allContents: [Generation: MeshContent] { contents }

    /// What each gateway stands at once the roll-out is over, as far as is known.
    func settledCourses() -> [SiteName: SiteCourse] {
        record.courses.reduce(into: [:]) { courses, entry in
            let (site, course) = entry
            guard let newest = course.issues.map(\.version).max() else {
                courses[site] = SiteCourse(way: course.way, version: course.version)
                return
            }
            let step = record.rollout?.standing(of: site)
            let issue = step.flatMap { step in course.issues.last { $0.step == step } }
            var version = issue?.version ?? course.version
            // It went back by itself, and takes nothing that is older than what it went back from.
            if version < newest {
                version = newest
                version.revision += 1
            }
            courses[site] = SiteCourse(
                way: step.map { course.way(through: record.generation, at: $0) } ?? course.way, version: version)
            courses[site]?.isLeaving = course.isLeaving
        }
    }

    private mutating func restore(_ epoch: UInt64) {
        let revision = record.rollout?.revision ?? 0
        record.courses = settledCourses().mapValues { course in
            SiteCourse(
                way: course.way,
                version: StateVersion(epoch: epoch, generation: record.generation, revision: revision))
        }
        record.rollout = nil
        record.epoch = epoch
    }
}

extension MeshControl.Record {
    /// Of a mesh that was run without a control so far: each gateway shall run the generation, as it did.
    public init(_ generation: Generation, sites: [SiteName], epoch: UInt64) {
        self.init(epoch: epoch)
        guard generation > .none else { return }
        self.generation = generation
        for site in sites {
            courses[site] = SiteCourse(
                way: [Waypoint(generation, .contract)], version: StateVersion(epoch: epoch, generation: generation))
        }
    }
}

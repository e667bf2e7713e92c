import WarrenModel
import WarrenPlan

/// What a new generation changes, to be worked out gateway by gateway: each costs as much as it has links, and they can be
/// done at once.
public struct Succession: Sendable {
    public let proposal: MeshControl.Proposal
    let control: MeshControl
    let mesh: MeshDerivation
    let courses: [SiteName: SiteCourse]
    let addresses: [SiteName: [IPAddress]]
    /// With the current generation, in which gateways are compared before their plans are derived.
    private let comparison: MeshComparison
    private let members: Set<SiteName>
    private let isSmall: Bool

    /// What the new generation changes for one gateway.
    public struct Change: Sendable {
        /// The gateway was not led before, or nobody is there to be led: it shall run the new generation at once.
        let isDirect: Bool
        let steps: Set<TransitionStep>
        let changedPeers: [SiteName]
        /// To which it has tunnels in the new generation.
        let peers: [SiteName]
        /// Nil in a mesh of many links.
        var worked: WorkedPlans?

        static let direct = Change(isDirect: true, steps: [], changedPeers: [], peers: [])
    }

    init(_ control: MeshControl, _ proposal: MeshControl.Proposal) {
        self.proposal = proposal
        self.control = control
        courses = control.settledCourses()
        addresses = control.neededAddresses(in: proposal.content)
        mesh = proposal.content.mesh(addresses: addresses, keyFloors: control.record.keyFloors)
        comparison = MeshComparison(from: control.mesh, to: mesh)
        members = Set(mesh.sites)
        isSmall = mesh.linkCount <= WorkedPlans.mostLinks
    }

    /// Those that the new generation has, and those that are led now, in order.
    public var sites: [SiteName] { members.union(courses.keys).sorted() }

    func isLeaving(_ site: SiteName) -> Bool { !members.contains(site) }

    public func change(of site: SiteName) -> Change {
        guard let course = courses[site], proposal.enrolled.contains(site) else { return .direct }
        if course.way == [Waypoint(control.generation, .contract)], comparison.isUntouched(site) {
            return unchanged(site, course)
        }
        guard let old = control.plan(of: site, along: course.way)
        else { return .direct }
        let plan = (mesh[site] ?? old.withdrawn).sharingParts(with: old)
        let worked = WorkedPlans(way: course.way, old: old, generation: control.generation.next, new: plan)
        var change = Change(isDirect: false, steps: worked.steps, changedPeers: [], peers: [])
        if !change.steps.isEmpty {
            change = Change(
                isDirect: false, steps: change.steps, changedPeers: Array(GatewayPlan.changedPeers(from: old, to: plan)),
                peers: plan.tunnels.map(\.peer))
        }
        if isSmall { change.worked = worked }
        return change
    }

    private func unchanged(_ site: SiteName, _ course: SiteCourse) -> Change {
        var change = Change(isDirect: false, steps: [], changedPeers: [], peers: [])
        if isSmall, let plan = control.worked[site]?.plan(along: course.way) {
            change.worked = WorkedPlans(way: course.way, old: plan, generation: control.generation.next, new: plan)
        }
        return change
    }
}

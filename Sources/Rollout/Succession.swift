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
    private let members: Set<SiteName>

    /// What the new generation changes for one gateway.
    public struct Change: Sendable {
        /// The gateway was not led before, or nobody is there to be led: it shall run the new generation at once.
        let isDirect: Bool
        let steps: Set<TransitionStep>
        let changedPeers: [SiteName]
        /// To which it has tunnels in the new generation.
        let peers: [SiteName]

        static let direct = Change(isDirect: true, steps: [], changedPeers: [], peers: [])
    }

    init(_ control: MeshControl, _ proposal: MeshControl.Proposal) {
        self.proposal = proposal
        self.control = control
        courses = control.settledCourses()
        addresses = control.record.addresses.filter { site, _ in
            proposal.content.inventory.sites.contains { $0.name == site && $0.gateway.publicAddressSource != .inventory }
        }
        mesh = proposal.content.mesh(addresses: addresses, keyFloors: control.record.keyFloors)
        members = Set(mesh.sites)
    }

    /// Those that the new generation has, and those that are led now, in order.
    public var sites: [SiteName] { members.union(courses.keys).sorted() }

    func isLeaving(_ site: SiteName) -> Bool { !members.contains(site) }

    public func change(of site: SiteName) -> Change {
        guard let course = courses[site], proposal.enrolled.contains(site),
            let old = control.plan(of: site, along: course.way)
        else { return .direct }
        let plan = mesh[site] ?? old.withdrawn
        let steps = old == plan ? [] : GatewayPlan.steps(from: old, to: plan)
        guard !steps.isEmpty else { return Change(isDirect: false, steps: [], changedPeers: [], peers: []) }
        return Change(
            isDirect: false, steps: steps, changedPeers: Array(GatewayPlan.changedPeers(from: old, to: plan)),
            peers: plan.tunnels.map(\.peer))
    }
}

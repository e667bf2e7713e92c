import WarrenModel

/// What one gateway's agent last said, by peer.
struct PeerView: Sendable {
    let connected: Bool
    /// Of the report; nil when none has come.
    private(set) var age: Duration?
    private(set) var associations: [SiteName: [SAReport]] = [:]
    private(set) var ike: [SiteName: IKEReport] = [:]
    private(set) var probes: [SiteName: ProbeReport] = [:]
    private(set) var interfacesUp: Set<SiteName> = []

    init(_ observation: AgentObservation, now: MonotonicTime) {
        connected = observation.connected
        guard let report = observation.report, let arrived = observation.arrived else {
            age = nil
            return
        }
        age = now.since(arrived)
        associations = Dictionary(grouping: report.securityAssociations, by: \.peer)
        ike = Dictionary(report.ike.map { ($0.peer, $0) }) { first, _ in first }
        probes = Dictionary(report.probes.map { ($0.peer, $0) }) { first, _ in first }
        interfacesUp = Set(report.tunnels.lazy.filter(\.isUp).map(\.tunnel.peer))
    }

    /// The same, told of a report that is as old as `age` by now.
    func aged(_ age: Duration) -> PeerView {
        var view = self
        view.age = age
        return view
    }
}

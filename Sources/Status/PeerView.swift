import WarrenModel

/// What one gateway's agent last said, by peer.
struct PeerView: Sendable {
    let connected: Bool
    /// Of the report; nil when none has come.
    private(set) var age: Duration?
    private(set) var version: StateVersion?
    private(set) var ends: [SiteName: LinkEnd] = [:]

    init(_ observation: AgentObservation, now: MonotonicTime) {
        connected = observation.connected
        guard let report = observation.report, let arrived = observation.arrived else {
            age = nil
            return
        }
        age = now.since(arrived)
        version = report.version
        report.forEachEnd { peer, change in change(&ends[peer, default: LinkEnd()]) }
    }
}

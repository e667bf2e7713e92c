import AgentCore
import WarrenModel
import WarrenPlan

/// A data plane in memory that keeps the driver's contract, for tests of whatever stands above a driver.
///
/// It can be told to fail, to forget (as when its daemon dies), and what security associations to report.
public actor FakeDataPlaneDriver: DataPlaneDriver {
    private var state = ObservedState()
    private var keysInUse: [SiteName: PreSharedKey] = [:]
    private var isPrepared = false
    private var evidence = LinkEvidence()
    private let failure = FailureSignal()
    private var refusal: (@Sendable (Operation) -> DataPlaneError?)?

    /// Every operation that was performed, in order; refused ones are not among them.
    public private(set) var performed: [Operation] = []
    public private(set) var prepareCount = 0

    public init() {}

    public func prepare() throws(DataPlaneError) {
        prepareCount += 1
        isPrepared = true
    }

    public func observe() throws(DataPlaneError) -> ObservedState {
        try requirePrepared()
        return state
    }

    public func evidence(of peer: SiteName, at outer: AddressPair) throws(DataPlaneError) -> LinkEvidence {
        try requirePrepared()
        return evidence
    }

    public func perform(_ operation: Operation, keys: [PSKReference: PreSharedKey]) throws(DataPlaneError) {
        try requirePrepared()
        if let error = refusal?(operation) { throw error }
        try apply(operation, keys: keys)
        performed.append(operation)
    }

    public nonisolated func waitForFailure() async { await failure.wait() }

    private func requirePrepared() throws(DataPlaneError) {
        guard isPrepared else { throw DataPlaneError(.unavailable, "the data plane was not prepared") }
    }

    private func apply(_ operation: Operation, keys: [PSKReference: PreSharedKey]) throws(DataPlaneError) {
        switch operation {
        case .setFirewall(let rules): state.firewall = rules
        case .setTranslations(let translations):
            state.translations = translations.sorted { ($0.network, $0.visible) < ($1.network, $1.visible) }
        case .addUnreachable(let prefix): state.unreachable.insert(prefix)
        case .removeUnreachable(let prefix): state.unreachable.remove(prefix)
        case .addPolicy(let policy): state.policies.insert(policy)
        case .removePolicy(let policy): state.policies.remove(policy)
        case .setTunnel(let tunnel):
            if let index = state.tunnels.firstIndex(where: { $0.tunnel.interface == tunnel.interface }) {
                state.tunnels[index].tunnel = tunnel
            } else {
                state.tunnels.append(TunnelReport(tunnel: tunnel, isUp: true))
            }
        case .removeTunnel(let interface):
            state.tunnels.removeAll { $0.tunnel.interface == interface }
            // A kernel drops the routes of an interface that goes.
            state.routes = state.routes.filter { $0.interface != interface }
        case .setPeer(let peer):
            guard let key = keys[peer.key] else { throw DataPlaneError(.invalid, "no key for \(peer.key)") }
            state.peers = state.peers.filter { $0.peer != peer.peer }
            state.peers.insert(peer)
            keysInUse[peer.peer] = key
        case .removePeer(let name):
            state.peers = state.peers.filter { $0.peer != name }
            state.securityAssociations.removeAll { $0.peer == name }
            state.ike.removeAll { $0.peer == name }
            keysInUse[name] = nil
        case .addRoute(let route):
            guard state.tunnels.contains(where: { $0.tunnel.interface == route.interface }) else {
                throw DataPlaneError(.refused, "no interface \(route.interface)")
            }
            state.routes = state.routes.filter { $0.destination != route.destination }
            state.routes.insert(route)
        case .removeRoute(let route): state.routes.remove(route)
        }
    }
}

extension FakeDataPlaneDriver {
    /// The key that a peer was last set with.
    public func key(of peer: SiteName) -> PreSharedKey? { keysInUse[peer] }

    /// Every later operation for which `refusal` returns an error fails with it and changes nothing; nil ends that.
    public func refuse(_ refusal: (@Sendable (Operation) -> DataPlaneError?)?) { self.refusal = refusal }

    /// Replaces what is observed, as somebody who tampers with the gateway would.
    public func tamper(_ change: @Sendable (inout ObservedState) -> Void) { change(&state) }

    /// Replaces what it tells of the way to any peer.
    public func setEvidence(_ evidence: LinkEvidence) { self.evidence = evidence }

    /// Loses what a daemon keeps in memory (peers, policies, associations, attachments) and needs `prepare` again.
    public func die() {
        state.peers = []
        state.policies = []
        state.tunnels = []
        state.securityAssociations = []
        state.ike = []
        keysInUse = [:]
        isPrepared = false
        failure.raise()
    }
}

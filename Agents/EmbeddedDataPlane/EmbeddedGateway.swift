import AgentCore
import DataPlane
import Dispatch
import Logging
import TunnelControl
import WarrenModel
import WarrenPlan

/// The driver's work, step by step and blocking. Belongs to the driver's queue.
final class EmbeddedGateway {
    let daemon: DaemonSupervisor
    private let interfaces: KernelInterfaces
    private let routes: KernelRoutes
    private let firewall: KernelFirewall
    private let translations: KernelTranslations
    /// The interfaces whose TUN queue the daemon holds.
    private var attached: Set<String> = []

    init(configuration: EmbeddedDataPlaneConfiguration, logger: Logger, queue: DispatchQueue, failure: FailureSignal) {
        let tools = NetworkTools(namespace: configuration.networkNamespace)
        daemon = DaemonSupervisor(configuration: configuration, tools: tools, logger: logger, queue: queue, failure: failure)
        interfaces = KernelInterfaces(tools: tools)
        routes = KernelRoutes(tools: tools)
        firewall = KernelFirewall(tools: tools)
        translations = KernelTranslations(tools: tools)
    }

    func prepare() throws(DataPlaneError) {
        guard try daemon.connectOrStart() else { return }
        attached = Set(try daemon.observe().tunnels.map(\.tunnel.interface))
    }

    func perform(_ operation: AgentCore.Operation, keys: [PSKReference: PreSharedKey]) throws(DataPlaneError) {
        switch operation {
        case .setFirewall(let rules): try firewall.set(rules)
        case .setTranslations(let all): try translations.set(all)
        case .addUnreachable(let prefix): try routes.addUnreachable(prefix)
        case .removeUnreachable(let prefix): try routes.removeUnreachable(prefix)
        case .addPolicy(let policy): try daemon.call(.addPolicy(policy))
        case .removePolicy(let policy): try daemon.call(.removePolicy(policy))
        case .setTunnel(let tunnel): try set(tunnel)
        case .removeTunnel(let interface): try remove(interface: interface)
        case .setPeer(let peer):
            let transferred = try peer.acceptedKeys.map { reference throws(DataPlaneError) in
                guard let key = keys[reference] else { throw DataPlaneError(.invalid, "no key for \(reference)") }
                return TunnelControl.TransferredKey(reference, key)
            }
            try daemon.call(.setPeer(peer, keys: transferred))
        case .removePeer(let site): try daemon.call(.removePeer(site))
        case .addRoute(let route): try routes.add(route)
        case .removeRoute(let route): try routes.remove(route)
        }
    }

    func observe() throws(DataPlaneError) -> ObservedState {
        let running = try daemon.observe()
        let devices = try interfaces.observe()
        attached = Set(running.tunnels.map(\.tunnel.interface))
        let (routes, unreachable) = try routes.observe()
        return ObservedState(
            tunnels: TunnelJoin.join(devices: devices, running: running.tunnels), routes: routes, unreachable: unreachable,
            policies: Set(running.policies), peers: Set(running.peers), firewall: try firewall.observe(),
            translations: try translations.observe(), securityAssociations: running.securityAssociations, ike: running.ike)
    }

    /// A daemon that does not run can tell nothing, and the kernel tells all the same.
    func evidence(of peer: SiteName, at outer: AddressPair) throws(DataPlaneError) -> LinkEvidence {
        var evidence = LinkEvidence(boundPorts: daemon.boundPorts)
        if let running = try? daemon.observe() {
            evidence.contact = running.contacts?.first { $0.peer == peer }
            evidence.drops = running.drops
        }
        switch try routes.route(from: outer.local, to: outer.remote) {
        case .success(let route): evidence.outerRoute = route
        case .failure(let fault): evidence.outerRouteFault = fault.reason
        }
        return evidence
    }

    /// The device first, whole, and only then the daemon: no packet is taken from a half-made interface.
    private func set(_ tunnel: GIFTunnel) throws(DataPlaneError) {
        let queues = try interfaces.set(tunnel, isServed: attached.contains(tunnel.interface), queues: daemon.queues)
        try daemon.call(.attachTunnel(tunnel), descriptors: queues)
        attached.insert(tunnel.interface)
    }

    private func remove(interface: String) throws(DataPlaneError) {
        try daemon.call(.detachTunnel(interface: interface))
        attached.remove(interface)
        try interfaces.remove(interface)
    }
}

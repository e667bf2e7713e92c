import AgentCore
import WarrenModel
import WarrenPlan

extension SimulatedDataPlane {
    /// All that is wrong with what packets meet on the gateway, looked for from the bottom up; `networks` must not be reached in the
    /// clear.
    func faults(protecting networks: Set<IPPrefix>) -> Set<String> {
        let covered = state.unreachable.union(state.routes.map(\.destination))
        var faults = Set(networks.subtracting(covered).map { "\($0) is not covered" })
        for report in state.tunnels where isAttached(report.tunnel.interface) {
            let tunnel = report.tunnel, outer = tunnel.outer
            let number = tunnel.inner.local.family.encapsulationProtocol
            let policies = state.policies.filter { $0.peer == tunnel.peer && $0.selector.ipProtocol == number }
            for (direction, source, destination) in [
                (SecurityPolicy.Direction.outbound, outer.local, outer.remote), (.inbound, outer.remote, outer.local),
            ] {
                let isProtected = policies.contains {
                    $0.direction == direction && $0.selector.source.contains(source)
                        && $0.selector.destination.contains(destination)
                }
                if !isProtected { faults.insert("\(tunnel.interface) has no \(direction.rawValue) policy") }
            }
            let first = state.firewall.first {
                $0.direction == .outbound && $0.source == outer.local && $0.destination == outer.remote
                    && $0.ipProtocol == number && $0.unprotected != false
            }
            if first?.action != .drop { faults.insert("\(tunnel.interface) lets unprotected packets out") }
        }
        return faults
    }
}

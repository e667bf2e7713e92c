import AgentCore
import WarrenFailpoints
import WarrenModel
import WarrenPlan

/// The tunnel daemon as its agent meets it: it answers one request after the other, or dies of one.
extension Simulation {
    private static let lost = "warren-tunneld is lost"

    /// Looks whether it runs, and starts it; a fault when it does not.
    func startDaemon(_ gateway: Gateway) -> String? {
        if !gateway.plane.isDaemonAlive {
            guard !dies(at: .tunnelServing, gateway) else { return "warren-tunneld did not start" }
            gateway.plane.revive()
        }
        return dies(at: .tunnelRequested, gateway) ? Self.lost : nil
    }

    /// Whether it dies here.
    private func dies(at point: Failpoint, _ gateway: Gateway) -> Bool {
        guard takeDeath(point, gateway.number) != nil else { return false }
        note("\(gateway.site): warren-tunneld passes \(point.rawValue)")
        figures.deaths += 1
        killDataPlane(gateway)
        return true
    }

    /// What the agent does to the gateway, with its daemon's help where that is needed; a fault when there is none.
    func performByDaemon(_ operation: Operation, on gateway: Gateway, keys: [PSKReference: PreSharedKey]) -> String? {
        guard let points = operation.tunnelPoints else {
            perform(operation, on: gateway, keys: keys)
            return nil
        }
        let isLost =
            !gateway.plane.isDaemonAlive || dies(at: .tunnelRequested, gateway)
            || points.before.map { dies(at: $0, gateway) } ?? false
        guard !isLost else {
            // The device comes first, and nothing is attached to it.
            if case .setTunnel(let tunnel) = operation { gateway.plane.makeDevice(tunnel) }
            return Self.lost
        }
        if case .removeTunnel(let interface) = operation, takesDeath(points.after, gateway) {
            gateway.plane.detach(interface)
        } else {
            perform(operation, on: gateway, keys: keys)
        }
        return dies(at: points.after, gateway) ? Self.lost : nil
    }

    private func takesDeath(_ point: Failpoint, _ gateway: Gateway) -> Bool {
        armed.contains { $0.point == point && $0.host == gateway.number }
    }
}

extension Operation {
    /// Where the daemon can be made to die when it is asked for this, beside `tunnelRequested`; nil when it is not asked.
    fileprivate var tunnelPoints: (before: Failpoint?, after: Failpoint)? {
        switch self {
        case .setTunnel: (.tunnelAttachBefore, .tunnelAttachAfter)
        case .removeTunnel: (nil, .tunnelDetached)
        case .addPolicy: (nil, .tunnelPolicyAdded)
        case .removePolicy: (nil, .tunnelPolicyRemoved)
        case .setPeer: (.tunnelPeerBefore, .tunnelPeerAfter)
        case .removePeer: (nil, .tunnelPeerRemoved)
        case .setFirewall, .setTranslations, .addUnreachable, .removeUnreachable, .addRoute, .removeRoute: nil
        }
    }
}

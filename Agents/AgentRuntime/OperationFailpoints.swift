import AgentCore
import WarrenFailpoints

extension Operation {
    /// Where the agent can be made to die before and after it.
    var failpoints: (before: Failpoint, after: Failpoint) {
        switch self {
        case .setFirewall: (.agentFirewallBefore, .agentFirewallAfter)
        case .setTranslations: (.agentTranslationsBefore, .agentTranslationsAfter)
        case .addUnreachable: (.agentUnreachableBefore, .agentUnreachableAfter)
        case .addPolicy: (.agentPolicyBefore, .agentPolicyAfter)
        case .setTunnel: (.agentTunnelBefore, .agentTunnelAfter)
        case .setPeer: (.agentPeerBefore, .agentPeerAfter)
        case .addRoute: (.agentRouteBefore, .agentRouteAfter)
        case .removeRoute: (.agentRouteRemoving, .agentRouteRemoved)
        case .removeTunnel: (.agentTunnelRemoving, .agentTunnelRemoved)
        case .removePeer: (.agentPeerRemoving, .agentPeerRemoved)
        case .removePolicy: (.agentPolicyRemoving, .agentPolicyRemoved)
        case .removeUnreachable: (.agentUnreachableRemoving, .agentUnreachableRemoved)
        }
    }
}

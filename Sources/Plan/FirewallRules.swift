import WarrenModel

/// The handbook's openings for one peer, then what keeps the link closed: IP-in-IP passes only when ESP protects it, in
/// both directions, also while no tunnel and no policy stands. The first rule that matches decides.
func firewallRules(outer: AddressPair, interface: String, families: [AddressFamily]) -> [FirewallRule] {
    var rules: [FirewallRule] = [.inbound, .outbound].map {
        FirewallRule(action: .allow, direction: $0, ipProtocol: .any, interface: interface)
    }
    rules += both(.allow, .udp, outer, ports: [500, 4500])
    rules += both(.allow, .esp, outer)
    for family in families { rules += both(.allow, family.encapsulationProtocol, outer, unprotected: false) }
    for family in AddressFamily.allCases { rules += both(.drop, family.encapsulationProtocol, outer, unprotected: true) }
    return rules
}

/// One rule for packets from the peer, and its mirror for packets to it.
private func both(
    _ action: FirewallRule.Action, _ ipProtocol: IPProtocol, _ outer: AddressPair, ports: [UInt16] = [],
    unprotected: Bool? = nil
) -> [FirewallRule] {
    [
        FirewallRule(
            action: action, direction: .inbound, ipProtocol: ipProtocol, source: outer.remote, destination: outer.local,
            ports: ports, unprotected: unprotected),
        FirewallRule(
            action: action, direction: .outbound, ipProtocol: ipProtocol, source: outer.local, destination: outer.remote,
            ports: ports, unprotected: unprotected),
    ]
}

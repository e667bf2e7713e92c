import WarrenModel

extension [FirewallRule] {
    /// The handbook's openings for one peer, then what keeps the link closed: IP-in-IP passes only when ESP protects it,
    /// in both directions, also while no tunnel and no policy stands. The first rule that matches decides.
    mutating func appendRules(of outer: AddressPair, interface: String, families: [AddressFamily]) {
        append(FirewallRule(action: .allow, direction: .inbound, ipProtocol: .any, interface: interface))
        append(FirewallRule(action: .allow, direction: .outbound, ipProtocol: .any, interface: interface))
        appendBoth(.allow, .udp, outer, ports: ikePorts)
        appendBoth(.allow, .esp, outer)
        for family in families { appendBoth(.allow, family.encapsulationProtocol, outer, unprotected: false) }
        for family in AddressFamily.allCases { appendBoth(.drop, family.encapsulationProtocol, outer, unprotected: true) }
    }

    /// One rule for packets from the peer, and its mirror for packets to it.
    private mutating func appendBoth(
        _ action: FirewallRule.Action, _ ipProtocol: IPProtocol, _ outer: AddressPair, ports: [UInt16] = [],
        unprotected: Bool? = nil
    ) {
        append(
            FirewallRule(
                action: action, direction: .inbound, ipProtocol: ipProtocol, source: outer.remote, destination: outer.local,
                ports: ports, unprotected: unprotected))
        append(
            FirewallRule(
                action: action, direction: .outbound, ipProtocol: ipProtocol, source: outer.local, destination: outer.remote,
                ports: ports, unprotected: unprotected))
    }
}

/// IKE, and IKE and ESP behind a NAT or always so (RFC 7296, 2; RFC 3948).
private let ikePorts: [UInt16] = [500, 4500]

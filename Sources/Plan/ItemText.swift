import WarrenModel

/// The text of each thing in a plan, in the words of the handbook: what `warren plan` prints, and what changes compare.
/// One line each, without a line end.
public enum ItemText {
    public static func gateway(_ plan: GatewayPlan) -> String {
        let outer = plan.outerAddresses.isEmpty ? "not known yet" : list(plan.outerAddresses)
        return "\(plan.platform.rawValue), public \(outer), private \(plan.innerAddress), "
            + "networks \(list(plan.networks)), index \(plan.index)"
    }

    public static func tunnel(_ tunnel: GIFTunnel) -> String {
        "\(tunnel.interface) to \(tunnel.peer): tunnel \(tunnel.outer.local) \(tunnel.outer.remote), "
            + "\(tunnel.inner.local.family == .ipv4 ? "inet" : "inet6") \(tunnel.inner.local) \(tunnel.inner.remote), "
            + "mtu \(tunnel.mtu), esp \(tunnel.mode.rawValue) mode"
    }

    public static func route(_ route: Route) -> String {
        "\(route.destination)\(route.via.map { " via \($0)" } ?? "") through \(route.interface)"
    }

    /// setkey's line for the policy, without its semicolon.
    public static func policy(_ policy: SecurityPolicy) -> String {
        let selector = policy.selector
        let ends = policy.mode == .tunnel ? "\(selector.source.address)-\(selector.destination.address)" : ""
        return "spdadd \(selector) -P \(policy.direction.rawValue) ipsec "
            + "esp/\(policy.mode.rawValue)/\(ends)/\(policy.level.rawValue)"
    }

    public static func key(_ key: GatewayPlan.Key) -> String { "\(key.peer): \(key.reference)" }

    public static func firewall(_ rule: FirewallRule) -> String {
        var words = [rule.action.rawValue]
        if let unprotected = rule.unprotected { words.append(unprotected ? "unprotected" : "protected") }
        words.append(rule.ipProtocol == .any ? "ip" : "\(rule.ipProtocol)")
        words.append("from \(rule.source.map { "\($0)" } ?? "any") to \(rule.destination.map { "\($0)" } ?? "any")")
        if !rule.ports.isEmpty { words.append("port \(rule.ports.map(String.init).joined(separator: ","))") }
        if let interface = rule.interface { words.append("via \(interface)") }
        words.append(rule.direction.rawValue)
        return words.joined(separator: " ")
    }

    public static func ike(_ peer: IKEPeer) -> String {
        let ike = peer.parameters.ike, child = peer.parameters.child
        return "\(peer.peer): \(peer.outer.local) \(peer.initiator ? "starts" : "waits for") \(peer.outer.remote), "
            + "ike \(list(ike.proposals)) for \(ike.lifetimeSeconds) s, liveness \(ike.livenessSeconds) s, "
            + "child \(list(child.proposals)) for \(child.lifetimeSeconds) s or \(child.lifetimeBytes) bytes"
            + (child.lifetimePackets.map { " or \($0) packets, " } ?? ", ")
            + "\(peer.parameters.mode.rawValue) mode of \(list(peer.selectors)), "
            + (peer.parameters.encapsulation == .esp ? "esp without udp, " : "") + "key \(peer.key)"
    }

    /// As in an inventory, in words.
    public static func translation(_ translation: NetworkTranslation) -> String {
        "\(translation.network) seen as \(translation.visible)"
    }

    public static func awaited(_ awaited: GatewayPlan.AwaitedPeer) -> String {
        "\(awaited.peer): no tunnel until the public address of \(awaited.site) is known, \(origin(of: awaited.source))"
    }

    /// Where an address comes from that is not known yet.
    static func origin(of source: PublicAddressSource) -> String {
        switch source {
        case .inventory: "from the inventory"
        case .agent: "from its agent"
        case .name(let name): "from the name \(name)"
        }
    }

    private static func list(_ items: [some CustomStringConvertible]) -> String {
        items.map(\.description).joined(separator: ", ")
    }
}

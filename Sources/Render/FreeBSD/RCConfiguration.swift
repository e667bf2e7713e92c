import WarrenModel

/// `rc.conf`: tunnels, routes and services, in the handbook's order.
enum RCConfiguration {
    static let name = "rc.conf"

    static func file(_ gateway: RenderedGateway) throws(RenderError) -> RenderedFile {
        var lines = gateway.heading(
            "Add these lines to /etc/rc.conf. Where it sets cloned_interfaces, static_routes, ipv6_static_routes or kld_list",
            "already, join the values. Where it has a firewall already, keep its firewall_type or firewall_script.")
        lines.append(try set("cloned_interfaces", gateway.links.map(\.tunnel.interface).joined(separator: " ")))
        for link in gateway.links { lines += try tunnel(link, gateway.target) }
        if gateway.carries(.ipv4) { lines.append(try set("gateway_enable", "YES")) }
        if gateway.carries(.ipv6) { lines.append(try set("ipv6_gateway_enable", "YES")) }
        for family in AddressFamily.allCases { lines += try routes(gateway.links, family) }
        lines += [try set("firewall_enable", "YES"), try set("firewall_type", "open")]
        lines.append(try set("firewall_coscripts", IPFWRules.place))
        lines.append(try set("kld_list", "ipfw_pmod"))
        if !gateway.plan.translations.isEmpty {
            lines += [try set("pf_enable", "YES"), try set("pf_rules", PFRules.place)]
        }
        if gateway.target == .freebsdWithRacoon {
            lines += [try set("ipsec_enable", "YES"), try set("ipsec_file", SetkeyPolicies.place)]
            lines.append(try set("racoon_enable", "YES"))
        } else {
            lines += [try set("strongswan_enable", "YES"), try set("strongswan_interface", "vici")]
        }
        return RenderedFile(name, lines: lines)
    }

    /// gifconfig's and ifconfig's lines of the handbook.
    private static func tunnel(_ link: RenderedLink, _ target: RenderTarget) throws(RenderError) -> [String] {
        let tunnel = link.tunnel, outer = tunnel.outer, inner = tunnel.inner
        let mtu = target == .freebsdWithRacoon ? RacoonConfiguration.mtu(of: tunnel) : tunnel.mtu
        let family = outer.local.family == .ipv6 ? "inet6 " : ""
        var lines = [
            "# to \(link.peer)",
            try set("create_args_\(tunnel.interface)", "\(family)tunnel \(outer.local) \(outer.remote)"),
        ]
        if inner.local.family == .ipv4 {
            lines.append(
                try set("ifconfig_\(tunnel.interface)", "inet \(inner.local) \(inner.remote) netmask 0xffffffff mtu \(mtu)"))
            // Without an address of its own, IPv6 would be disabled on the interface.
            if link.families.contains(.ipv6) {
                lines.append(try set("ifconfig_\(tunnel.interface)_ipv6", "inet6 auto_linklocal"))
            }
        } else {
            lines.append(try set("ifconfig_\(tunnel.interface)", "mtu \(mtu) up"))
            lines.append(
                try set("ifconfig_\(tunnel.interface)_ipv6", "inet6 \(inner.local) \(inner.remote) prefixlen 128"))
        }
        return lines
    }

    /// A site's name is no name of a shell variable, so routes are called `vpn` and the peer's index, like its interface.
    private static func routes(_ links: [RenderedLink], _ family: AddressFamily) throws(RenderError) -> [String] {
        let prefix = family == .ipv6 ? "ipv6_" : ""
        var names: [String] = [], lines: [String] = []
        for link in links {
            for (position, route) in link.routes.filter({ $0.destination.family == family }).enumerated() {
                let name = "vpn\(link.number)" + (position == 0 ? "" : "_\(position + 1)")
                let kind = family == .ipv4 ? "-net " : ""
                let hop = route.via.map { "\($0)" } ?? "-interface \(route.interface)"
                names.append(name)
                lines.append(try set("\(prefix)route_\(name)", "\(kind)\(route.destination) \(hop)"))
            }
        }
        guard !names.isEmpty else { return [] }
        return [try set("\(prefix)static_routes", names.joined(separator: " "))] + lines
    }

    /// `name="value"`, as the shell reads it.
    private static func set(_ name: String, _ value: String) throws(RenderError) -> String {
        let syntax = WordSyntax(format: "rc.conf")
        return "\(try syntax.line(name))=\"\(value.isEmpty ? "" : try syntax.line(value))\""
    }
}

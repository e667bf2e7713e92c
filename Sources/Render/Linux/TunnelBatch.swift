import WarrenModel

/// `ip.batch`: tunnels, their addresses, and routes for ip(8).
enum TunnelBatch {
    static let name = "ip.batch"
    /// The worst but one (the kernel's own is the worst): used only while no better route stands.
    private static let unreachableMetric = "4294967294"

    static func file(_ gateway: RenderedGateway) throws(RenderError) -> RenderedFile {
        let syntax = WordSyntax(format: "ip -batch")
        var lines = gateway.heading(
            "Run it at boot after \(FilterTable.name) and \(PolicyBatch.name): ip -batch \(name).",
            "The unreachable routes stay when a tunnel goes, so that nothing of the peers' networks takes the default route.")
        for network in gateway.plan.unreachable {
            lines.append(try syntax.line("route add unreachable \(network) metric \(unreachableMetric)"))
        }
        for link in gateway.links {
            let tunnel = link.tunnel, name = tunnel.interface
            lines.append("# to \(link.peer)")
            lines.append(
                try syntax.line(
                    "link add \(name) \(device(link)) local \(tunnel.outer.local) remote \(tunnel.outer.remote) \(options(link))"
                ))
            lines.append(try syntax.line("link set \(name) mtu \(tunnel.mtu)"))
            let quiet = tunnel.inner.local.family == .ipv6 ? " nodad" : ""
            lines.append(try syntax.line("addr add \(tunnel.inner.local) peer \(tunnel.inner.remote) dev \(name)\(quiet)"))
            lines.append(try syntax.line("link set \(name) up"))
            for route in link.routes {
                let hop = route.via.map { " via \($0)" } ?? ""
                lines.append(try syntax.line("route add \(route.destination)\(hop) dev \(name) metric 100"))
            }
        }
        return RenderedFile(name, lines: lines)
    }

    /// The kernel's device that carries just these families over that one.
    private static func device(_ link: RenderedLink) -> String {
        switch (link.tunnel.outer.local.family, link.families) {
        case (.ipv4, [.ipv4]): "type ipip"
        case (.ipv4, [.ipv6]): "type sit mode ip6ip"
        case (.ipv4, _): "type sit mode any"
        case (.ipv6, [.ipv4]): "type ip6tnl mode ipip6"
        case (.ipv6, [.ipv6]): "type ip6tnl mode ip6ip6"
        case (.ipv6, _): "type ip6tnl mode any"
        }
    }

    /// Over IPv6 no tunnel encapsulation limit (RFC 2473, 4.1.1): its option would stand between the headers, where no policy
    /// looks for IP-in-IP.
    private static func options(_ link: RenderedLink) -> String {
        link.tunnel.outer.local.family == .ipv4 ? "ttl 64 pmtudisc" : "hoplimit 64 encaplimit none"
    }
}

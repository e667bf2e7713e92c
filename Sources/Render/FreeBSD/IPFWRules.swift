import WarrenModel

/// `ipfw.sh`: the handbook's firewall rules, which come before all others.
enum IPFWRules {
    static let name = "ipfw.sh"
    static let place = "/usr/local/etc/warren/ipfw.sh"

    static func file(_ gateway: RenderedGateway) throws(RenderError) -> RenderedFile {
        var lines =
            ["#!/bin/sh"]
            + gateway.heading(
                "Copy it to \(place), mode 0755: rc.conf has it run after the firewall's own script.",
                "Rules of one number are tried in the order in which they were added.",
                "", "ipfw sees what leaves after ESP was applied: IP-in-IP that it sees there is unprotected, and is denied.",
                "IP-in-IP that comes in passes only when ESP protected it. So nothing is in the clear, whatever else stands.")
        lines += ["", "case \"$1\" in", "*stop) exit 0 ;;", "esac", ""]
        for link in gateway.links {
            // The headers of IP and TCP, of the longer family that the tunnel carries.
            let headers = link.families.contains(.ipv6) ? 60 : 40
            let mtu = gateway.target == .freebsdWithRacoon ? RacoonConfiguration.mtu(of: link.tunnel) : link.tunnel.mtu
            lines.append(
                try add("tcp-setmss \(max(1, mtu - headers)) tcp from any to any via \(link.tunnel.interface) tcpflags syn"))
        }
        var seen: Set<String> = []
        for rule in gateway.plan.firewall {
            guard let line = try line(of: rule) else { continue }
            if seen.insert(line).inserted { lines.append(line) }
        }
        for network in gateway.plan.unreachable {
            lines.append(try add("deny \(network.family == .ipv4 ? "ip" : "ip6") from any to \(network) out"))
        }
        return RenderedFile(name, access: .program, lines: lines)
    }

    /// Nil for what no packet could meet: protected IP-in-IP on its way out.
    private static func line(of rule: FirewallRule) throws(RenderError) -> String? {
        var words = [rule.action == .allow ? "allow" : "deny", carried(rule.ipProtocol)]
        words += ["from", rule.source.map { "\($0)" } ?? "any", "to", rule.destination.map { "\($0)" } ?? "any"]
        if !rule.ports.isEmpty { words.append(rule.ports.map(String.init).joined(separator: ",")) }
        if let interface = rule.interface { words += ["via", interface] }
        switch (rule.unprotected, rule.direction) {
        case (nil, _): break
        case (false?, .outbound): return nil
        case (true?, .outbound): words.append("out")
        case (false?, .inbound): words += ["in", "ipsec"]
        case (true?, .inbound): words += ["in", "not", "ipsec"]
        }
        return try add(words.joined(separator: " "))
    }

    /// To ipfw, `ipv6` is every packet of IPv6, so the number stands for IPv6 inside IP.
    private static func carried(_ ipProtocol: IPProtocol) -> String {
        switch ipProtocol {
        case .any: "ip"
        case .ipencap, .esp, .udp, .tcp, .icmp: ipProtocol.description
        default: String(ipProtocol.rawValue)
        }
    }

    private static func add(_ rule: String) throws(RenderError) -> String {
        "ipfw -q add 1 " + (try WordSyntax(format: "ipfw").line(rule))
    }
}

import WarrenModel

/// `ipsec.conf`: the handbook's security policies, which setkey(8) loads.
enum SetkeyPolicies {
    static let name = "ipsec.conf"
    static let place = "/etc/ipsec.conf"

    static func file(_ gateway: RenderedGateway) throws(RenderError) -> RenderedFile {
        var lines = gateway.heading(
            "Copy it to \(place), which rc.conf names; setkey -f loads it.",
            "", "It only adds: at boot it meets an empty database. It must not begin with spdflush, for that would let packets",
            "out in the clear while it is being loaded. To change a running gateway, pass setkey -c a spddelete line for each",
            "entry that goes and the spdadd line of each that comes; loading the file again refuses what is there already.")
        for link in gateway.links {
            lines.append("# to \(link.peer)")
            for policy in link.policies { lines.append(try line(policy)) }
        }
        return RenderedFile(name, lines: lines)
    }

    static func line(_ policy: SecurityPolicy) throws(RenderError) -> String {
        let selector = policy.selector
        let ends = policy.mode == .tunnel ? "\(selector.source.address)-\(selector.destination.address)" : ""
        // The number stands for IPv6 inside IP: the name means something else to some tools.
        let carried = selector.ipProtocol == .ipencap ? "ipencap" : "\(selector.ipProtocol.rawValue)"
        return try WordSyntax(format: "setkey").line(
            "spdadd \(selector.source) \(selector.destination) \(carried) -P \(policy.direction.rawValue) "
                + "ipsec esp/\(policy.mode.rawValue)/\(ends)/\(policy.level.rawValue)") + ";"
    }
}

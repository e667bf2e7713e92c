import WarrenModel

/// `xfrm.batch`: the handbook's security policies for ip-xfrm(8).
enum PolicyBatch {
    static let name = "xfrm.batch"

    static func file(_ gateway: RenderedGateway) throws(RenderError) -> RenderedFile {
        var lines = gateway.heading(
            "Run it at boot before \(TunnelBatch.name): ip -batch \(name).",
            "From then on, IP-in-IP to and from the peers passes inside ESP or not at all. Nothing is flushed: to change a",
            "running gateway, add and delete single entries.")
        for link in gateway.links {
            lines.append("# to \(link.peer)")
            for policy in link.policies {
                lines.append(try line(policy, direction: policy.direction.rawValue, link))
                // Forwarded packets meet policies of their own: the same as those for the gateway itself.
                if policy.direction == .inbound { lines.append(try line(policy, direction: "fwd", link)) }
            }
        }
        return RenderedFile(name, lines: lines)
    }

    private static func line(
        _ policy: SecurityPolicy, direction: String, _ link: RenderedLink
    ) throws(RenderError) -> String {
        let selector = policy.selector
        let ends = policy.mode == .tunnel ? "src \(selector.source.address) dst \(selector.destination.address) " : ""
        let level: String
        switch policy.level {
        case .require: level = "required"
        }
        return try WordSyntax(format: "ip -batch").line(
            "xfrm policy add dir \(direction) src \(selector.source) dst \(selector.destination) "
                + "proto \(selector.ipProtocol.rawValue) priority 2000 "
                + "tmpl \(ends)proto esp mode \(policy.mode.rawValue) reqid \(link.requestID) level \(level)")
    }
}

import WarrenModel
import WarrenPlan

/// `racoon.conf`: IKEv1 with the best that racoon has: AES-256 in CBC mode, HMAC-SHA-256, and the 2048-bit group.
///
/// The inventory's proposals are for IKEv2 and AES-GCM, which racoon lacks; lifetimes and liveness are the inventory's.
enum RacoonConfiguration {
    static let name = "racoon.conf"

    static func file(_ gateway: RenderedGateway) throws(RenderError) -> RenderedFile {
        var lines = gateway.heading(
            "Copy it to /usr/local/etc/racoon/racoon.conf.",
            "racoon speaks IKEv1 only: both ends of each link must run it, with the same algorithms.")
        lines.append("path pre_shared_key \"\(RacoonKeys.place)\";")
        lines.append("listen {")
        for address in Set(gateway.links.map(\.tunnel.outer.local)).sorted() {
            lines.append("    " + (try statement("isakmp \(address) [500]")))
        }
        lines.append("}")
        for link in gateway.links { lines += try remote(link) }
        return RenderedFile(name, lines: lines)
    }

    private static func remote(_ link: RenderedLink) throws(RenderError) -> [String] {
        let outer = link.tunnel.outer, parameters = link.ike.parameters
        var lines = ["", "# to \(link.peer)"]
        lines += try block(
            "remote \(outer.remote)",
            [
                "exchange_mode main", "my_identifier address \(outer.local)", "peers_identifier address \(outer.remote)",
                "verify_identifier on", "proposal_check strict", "nat_traversal off",
                "dpd_delay \(parameters.ike.livenessSeconds)", "lifetime time \(parameters.ike.lifetimeSeconds) sec",
            ],
            inner: try block(
                "proposal",
                [
                    "encryption_algorithm aes 256", "hash_algorithm sha256", "authentication_method pre_shared_key",
                    "dh_group 14",
                ]))
        for selector in link.ike.selectors {
            let carried = selector.ipProtocol.rawValue
            lines += try block(
                "sainfo address \(selector.source) [any] \(carried) address \(selector.destination) [any] \(carried)",
                [
                    "pfs_group 14", "lifetime time \(parameters.child.lifetimeSeconds) sec", "encryption_algorithm aes 256",
                    "authentication_algorithm hmac_sha256", "compression_algorithm deflate",
                ])
        }
        return lines
    }

    private static func block(
        _ head: String, _ statements: [String], inner: [String] = []
    ) throws(RenderError) -> [String] {
        var lines = ["\(try syntax.line(head)) {"]
        for text in statements { lines.append("    " + (try statement(text))) }
        return lines + inner.map { "    \($0)" } + ["}"]
    }

    private static func statement(_ text: String) throws(RenderError) -> String { try syntax.line(text) + ";" }

    private static let syntax = WordSyntax(format: "racoon")

    /// What fits into a packet of racoon's ESP: 8 bytes of header, 16 of IV, whole blocks of 16 that end in a trailer of 2,
    /// and 16 of ICV (RFC 3602, RFC 4868); never more than the plan says.
    static func mtu(of tunnel: GIFTunnel) -> Int {
        let header = tunnel.outer.local.family.headerLength
        let blocks = (PathMTU.assumed - header - 8 - 16 - 16) / 16 * 16
        return min(tunnel.mtu, blocks - 2 - (tunnel.mode == .tunnel ? header : 0))
    }
}

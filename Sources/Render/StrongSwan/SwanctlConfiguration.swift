import WarrenModel

/// `swanctl.conf`: one connection with one child for each link, and its key.
///
/// Packets that want a tunnel make charon negotiate (`start_action = trap`), so a link comes back by itself however it was
/// lost. On Linux the kernel asks by the request id of the policy, so that policies of others than charon do: those of the
/// batch stand from boot on, and charon adds none. On FreeBSD charon answers only for policies that it added itself.
enum SwanctlConfiguration {
    static let name = "swanctl.conf"

    static func file(_ gateway: RenderedGateway) throws(RenderError) -> RenderedFile {
        var lines: [String]
        if gateway.target == .linux {
            lines = gateway.heading(
                "Copy it to /etc/swanctl/conf.d/warren.conf, mode 0600; swanctl --load-all loads it.",
                "The security policies are those of \(PolicyBatch.name), not charon's: hence policies = no, and reqid, which "
                    + "ties each to its child.")
        } else {
            lines = gateway.heading(
                "Copy it to /usr/local/etc/swanctl/conf.d/warren.conf, mode 0600; swanctl --load-all loads it.",
                "The security policies are charon's own: /etc/ipsec.conf must not have any for these peers. Before charon runs,",
                "\(IPFWRules.name) keeps IP-in-IP from leaving in the clear.")
        }
        let connections = SettingsSection(
            name: "connections", sections: gateway.links.map { connection($0, isLinux: gateway.target == .linux) })
        let secrets = SettingsSection(name: "secrets", sections: gateway.links.map(secret))
        lines += try connections.lines()
        lines += try secrets.lines()
        return RenderedFile(name, access: .ownerOnly, lines: lines)
    }

    private static func connection(_ link: RenderedLink, isLinux: Bool) -> SettingsSection {
        let outer = link.tunnel.outer, ike = link.ike.parameters.ike
        return SettingsSection(
            name: "to-\(link.peer)",
            settings: [
                ("version", "2"), ("local_addrs", "\(outer.local)"), ("remote_addrs", "\(outer.remote)"),
                ("proposals", ike.proposals.map(\.description).joined(separator: ",")), ("encap", "no"), ("mobike", "no"),
                ("unique", "replace"), ("dpd_delay", "\(ike.livenessSeconds)s"), ("rekey_time", "\(ike.lifetimeSeconds)s"),
                ("reauth_time", "0s"),
            ],
            sections: [
                SettingsSection(name: "local", settings: [("auth", "psk"), ("id", "\(outer.local)")]),
                SettingsSection(name: "remote", settings: [("auth", "psk"), ("id", "\(outer.remote)")]),
                SettingsSection(name: "children", sections: [child(link, isLinux: isLinux)]),
            ])
    }

    private static func child(_ link: RenderedLink, isLinux: Bool) -> SettingsSection {
        let child = link.ike.parameters.child
        // Extended sequence numbers first, where every kernel has them.
        let proposals = child.proposals.map { isLinux ? "\($0)-esn-noesn" : "\($0)" }
        var settings = [
            ("mode", link.tunnel.mode.rawValue),
            ("local_ts", link.ike.selectors.map { "\($0.source)[\($0.ipProtocol.rawValue)]" }.joined(separator: ",")),
            ("remote_ts", link.ike.selectors.map { "\($0.destination)[\($0.ipProtocol.rawValue)]" }.joined(separator: ",")),
            ("esp_proposals", proposals.joined(separator: ",")), ("rekey_time", "\(child.lifetimeSeconds)s"),
            ("rekey_bytes", "\(child.lifetimeBytes)"), ("start_action", "trap"), ("dpd_action", "trap"),
            ("close_action", "none"),
        ]
        if let packets = child.lifetimePackets { settings.append(("rekey_packets", "\(packets)")) }
        if isLinux { settings += [("policies", "no"), ("reqid", "\(link.requestID)"), ("replay_window", "1024")] }
        return SettingsSection(name: link.tunnel.interface, settings: settings.map { (key: $0.0, value: $0.1) })
    }

    private static func secret(_ link: RenderedLink) -> SettingsSection {
        SettingsSection(
            name: "ike-\(link.peer)",
            settings: [
                ("id-a", "\(link.tunnel.outer.local)"), ("id-b", "\(link.tunnel.outer.remote)"),
                ("secret", link.hexadecimalKey),
            ])
    }
}

import WarrenInventory

/// Bad values put into every place that takes a value of their kind: each with the exact rule and line that it must give.
enum GeneratedMutations {
    static let all: [Mutation] =
        addresses + prefixes + reserved + overlaps + translations + hostNames + names + keys + types + quantities + proposals
        + references + missing

    /// A place of `pair` that holds a value: what stands there, what to put instead with the value at `$`, and on which line.
    private struct Slot {
        let old: String
        let new: String
        let line: Int
        init(_ old: String, _ new: String, _ line: Int) {
            self.old = old
            self.new = new
            self.line = line
        }

        func with(_ values: [String], _ rules: String...) -> [Mutation] {
            values.map { value in
                Mutation(old, faults: rules.map { "\($0)@\(line)" }, new: new.replacing("$", with: value))
            }
        }
    }

    private static let publics = [Slot("203.0.113.10", "$", 7), Slot("198.51.100.20", "$", 11)]
    private static let privates = [
        Slot("private: 192.168.1.1", "private: $", 7), Slot("private: 192.168.2.1", "private: $", 11),
    ]
    private static let onlyNetworks = [Slot("[192.168.1.0/24]", "[$]", 8), Slot("[192.168.2.0/24]", "[$]", 12)]
    private static let moreNetworks = [
        Slot("[192.168.1.0/24]", "[192.168.1.0/24, $]", 8), Slot("[192.168.2.0/24]", "[192.168.2.0/24, $]", 12),
    ]

    private static let addresses = (publics + privates).flatMap {
        $0.with(
            [
                "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.-4", "1.2.3.4/32", "\"1.2.3.4 \"", "0x7f.1.1.1",
                "\":::1\"", "\"fe80::1%eth0\"", "\"1:2:3:4:5:6:7\"", "\"1:2:3:4:5:6:7:8:9\"", "\"12345::\"", "\"::g\"",
                "localhost", "١.٢.٣.٤",
            ], "invalid-value")
    }

    private static let prefixes =
        onlyNetworks.flatMap {
            $0.with(
                [
                    "10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/", "/24", "10.0.0/24",
                    "10.0.0.0/24/24", "\"fd00::/129\"", "\"fd00:::/64\"", "10.0.0.0-10.0.0.255", "\"10.0.0.0 /24\"", "any",
                    "10.0.0.0/2 4",
                ], "invalid-value")
        }
        + onlyNetworks[0].with((25...31).map { "192.168.1.1/\($0)" }, "host-bits-set")
        + onlyNetworks[1].with((25...31).map { "192.168.2.1/\($0)" }, "host-bits-set")
        + moreNetworks.flatMap { $0.with(stride(from: 8, through: 120, by: 8).map { "\"fd00::1/\($0)\"" }, "host-bits-set") }

    private static let reserved =
        publics.flatMap {
            $0.with(
                ["0.1.2.3", "127.0.0.1", "169.254.9.9", "224.0.0.5", "239.1.1.1", "240.0.0.1", "255.255.255.255"],
                "reserved-range")
        }
        + moreNetworks.flatMap {
            $0.with(
                [
                    "0.0.0.0/8", "127.0.0.0/8", "127.1.0.0/16", "169.254.0.0/16", "169.254.3.0/24", "224.0.0.0/4",
                    "239.0.0.0/8",
                    "240.0.0.0/4", "250.1.1.0/24", "\"fe80::/64\"", "\"fe80::/10\"", "\"ff00::/8\"", "\"ff02::/16\"",
                    "\"::1/128\"", "\"::/128\"", "\"::ffff:0:0/96\"",
                ], "reserved-range")
        }
        + ["127.0.0.1", "169.254.9.9", "224.0.0.5", "250.0.0.1"].flatMap { address in
            // The network that it does not lie in stands on the line below.
            [
                Mutation("private: 192.168.1.1", "private: \(address)", "reserved-range@7", "private-not-in-networks@8"),
                Mutation("private: 192.168.2.1", "private: \(address)", "reserved-range@11", "private-not-in-networks@12"),
            ]
        }

    private static let overlaps =
        moreNetworks[1].with((24...32).map { "192.168.1.0/\($0)" } + ["192.168.0.0/23"], "network-overlap")
        + moreNetworks[1].with((16...22).map { "192.168.0.0/\($0)" }, "network-overlap", "network-redundant")
        // The later of the two places is told, whichever site wrote it last.
        + (24...32).map { Mutation("[192.168.1.0/24]", "[192.168.1.0/24, 192.168.2.0/\($0)]", "network-overlap@12") }
        + moreNetworks[0].with((24...32).map { "192.168.1.0/\($0)" }, "network-redundant")
        + moreNetworks[1].with((24...32).map { "192.168.2.0/\($0)" }, "network-redundant")
        + moreNetworks[1].with(
            [
                "203.0.113.0/24", "203.0.113.0/25", "203.0.113.0/28", "203.0.113.8/29", "203.0.113.8/30", "203.0.113.10/31",
                "203.0.113.10/32", "203.0.0.0/16",
            ], "public-inside-network")
        + ["198.51.100.0/24", "198.51.100.0/27", "198.51.100.16/28", "198.51.100.20/30", "198.51.100.20/32"].map {
            Mutation("[192.168.1.0/24]", "[192.168.1.0/24, \($0)]", "public-inside-network@11")
        }

    private static let translated = Slot("    tags: [europe]", "    translate: {$}", 9)
    private static let seenAs = Slot("    tags: [europe]", "    translate: {192.168.1.0/24: $}", 9)
    private static let translations =
        seenAs.with(["10.0.0.0/25", "10.0.0.0/16", "10.0.0.1/32", "\"fd00::/24\"", "\"fd00::/64\""], "translation-size")
        + seenAs.with(["192.168.1.0/24"], "translation-overlap")
        + seenAs.with(["10.0.0.1/24", "10.0.0.128/24"], "host-bits-set")
        + seenAs.with(["10.0.0.0", "10.0.0.0/33", "any", "x/24", "\"\"", "10.0.0.0-10.0.0.255"], "invalid-value")
        + seenAs.with(["[10.0.0.0/24]", "{a: b}", "~", ""], "wrong-type")
        + seenAs.with(["127.0.1.0/24", "169.254.7.0/24", "224.0.1.0/24", "250.1.1.0/24"], "reserved-range")
        + translated.with(
            [
                "192.168.1.0/25: 10.0.0.0/25", "192.168.0.0/23: 10.0.0.0/23", "192.168.7.0/24: 10.0.0.0/24",
                "\"fd00::/64\": \"fd01::/64\"", "192.168.2.0/24: 10.0.0.0/24",
            ], "translation-unknown")
        + translated.with(["192.168.1.0: 10.0.0.0/24", "berlin: 10.0.0.0/24", "\"\": 10.0.0.0/24"], "invalid-value")
        + translated.with(["192.168.1.1/24: 10.0.0.0/24"], "host-bits-set")
        + translated.with([""], "invalid-value")
        + translated.with(["192.168.1.0/24: 10.0.0.0/24, 192.168.1.0/24: 10.0.1.0/24"], "duplicate-key")
        // What tokyo has is met by what berlin is seen as; the later place is told.
        + ["192.168.2.0/24", "198.51.100.0/24"].map {
            Mutation(
                "    tags: [europe]", "    translate: {192.168.1.0/24: \($0)}",
                $0.hasPrefix("192") ? "network-overlap@12" : "public-inside-network@11")
        }

    private static let hostNames = publics.flatMap {
        $0.with(
            [
                "Vpn.example.net", "vpn.example.net.", ".example.net", "vpn..net", "vpn_1.example.net", "-vpn.example.net",
                "vpn-.example.net", "vpn", "vpn.example.1", "1.2.3.4.example.2", "vpn.ex ample.net", "vpn.exämple.net",
                "\"*.example.net\"", "vpn.example.net:4500", "dynamc", "Dynamic", "DYNAMIC", "inventory",
                "[vpn.example.net]", String(repeating: "a", count: 64) + ".net",
                String(repeating: "a.", count: 126) + "net",
            ], "invalid-value")
            + $0.with(["[dynamic, vpn.example.net]"], "invalid-value", "invalid-value")
    }

    private static let belowTopology = "topology: full-mesh"
    private static let links = Slot(belowTopology, "topology: full-mesh\nlinks: [{between: [berlin, $]}]", 4)
    private static let testFrom = Slot(
        belowTopology, "topology: full-mesh\ntests: [{from: $, to: tokyo, expect: reachable}]", 4)
    private static let testTo = Slot(belowTopology, "topology: full-mesh\ntests: [{from: berlin, to: $, expect: reachable}]", 4)
    private static let hubs = Slot(belowTopology, "topology: {kind: hub-and-spoke, hubs: [$]}", 3)
    private static let groups = Slot(belowTopology, "topology: {kind: groups, groups: {all: [berlin, tokyo, $]}}", 3)
    private static let groupName = Slot(belowTopology, "topology: {kind: groups, groups: {$: [berlin, tokyo]}}", 3)
    private static let sitesByName = [links, testFrom, testTo, hubs, groups]

    private static let names =
        (sitesByName + [
            groupName, Slot("mesh: acme", "mesh: $", 2), Slot("[europe]", "[$]", 9), Slot("  tokyo:", "  $:", 10),
        ]).flatMap {
            $0.with(
                [
                    "Tokyo", "to_kyo", "tokyo.", "1tokyo", "-tokyo", "tokyo-", "to--kyo", "to kyo", "tökyo", "東京", "t/o",
                    "\"..\"", "\"\"", "a23456789b123456789c123456789d123",
                ], "invalid-value")
        }

    private static let keys =
        [
            Slot("mesh: acme", "mesh: acme\n$: x", 3), Slot("{platform: embedded", "{$: x, platform: embedded", 4),
            Slot("{mode: tunnel}", "{mode: tunnel, $: x}", 4), Slot("{mode: tunnel}", "{ike: {$: x}}", 4),
            Slot("{mode: tunnel}", "{child: {$: x}}", 4), Slot("tags: [europe]", "$: x", 9),
            Slot("{public: 203.0.113.10,", "{public: 203.0.113.10, $: x,", 7),
            Slot(belowTopology, "topology: full-mesh\nlinks: [{between: [berlin, tokyo], $: x}]", 4),
            Slot(belowTopology, "topology: full-mesh\ntests: [{from: berlin, to: tokyo, expect: reachable, $: x}]", 4),
            Slot(belowTopology, "topology: {kind: hub-and-spoke, hubs: [berlin], $: x}", 3),
        ].flatMap { $0.with(["colour", "Platform", "__proto__", "psk", "\"\"", "<<"], "unknown-key") }

    private static let types =
        [
            Slot("version: 1", "version: $", 1), Slot("mesh: acme", "mesh: $", 2), Slot("platform: embedded", "platform: $", 4),
            Slot("mode: tunnel", "mode: $", 4), Slot("{mode: tunnel}", "{ike: {version: $}}", 4),
            Slot("{mode: tunnel}", "{ike: {lifetime: $}}", 4), Slot("{mode: tunnel}", "{ike: {liveness: $}}", 4),
            Slot("{mode: tunnel}", "{child: {lifetime: $}}", 4), Slot("{mode: tunnel}", "{child: {bytes: $}}", 4),
            Slot("tags: [europe]", "index: $", 9), Slot("tags: [europe]", "drained: $", 9), testFrom, testTo,
            Slot("{public: 203.0.113.10,", "{public: 203.0.113.10, mtu: $,", 7),
        ].flatMap { $0.with(["[x]", "{a: b}", "~"], "wrong-type") }
        + [
            Slot("[192.168.1.0/24]", "$", 8), Slot("[europe]", "$", 9), Slot("{mode: tunnel}", "{ike: {proposals: $}}", 4),
            Slot("{mode: tunnel}", "{child: {proposals: $}}", 4), Slot(belowTopology, "topology: full-mesh\nlinks: $", 4),
            Slot(belowTopology, "topology: full-mesh\ntests: $", 4),
            Slot(belowTopology, "topology: full-mesh\nlinks: [{between: $}]", 4),
            Slot(belowTopology, "topology: {kind: hub-and-spoke, hubs: $}", 3),
            Slot(belowTopology, "topology: {kind: groups, groups: {all: $}}", 3),
        ].flatMap { $0.with(["x", "{a: b}", "~"], "wrong-type") }
        + [
            Slot("{platform: embedded, ipsec: {mode: tunnel}}", "$", 4), Slot("{mode: tunnel}", "$", 4),
            Slot("{mode: tunnel}", "{ike: $}", 4), Slot("{mode: tunnel}", "{child: $}", 4),
            Slot("{public: 203.0.113.10, private: 192.168.1.1}", "$", 7),
            Slot(belowTopology, "topology: {kind: groups, groups: $}", 3),
            Slot(belowTopology, "topology: full-mesh\nlinks: [$]", 4),
            Slot(belowTopology, "topology: full-mesh\ntests: [$]", 4),
        ].flatMap { $0.with(["x", "[x]", "~"], "wrong-type") }

    private static let quantities =
        [
            Slot("{mode: tunnel}", "{ike: {lifetime: $}}", 4), Slot("{mode: tunnel}", "{ike: {liveness: $}}", 4),
            Slot("{mode: tunnel}", "{child: {lifetime: $}}", 4),
        ].flatMap {
            $0.with(
                [
                    "4", "4 h", "h", "-1h", "0h", "04h", "4H", "4hours", "1e3s", "99999999999999999999s", "٤h", "1.5h", "31d",
                    "\"\"",
                ], "invalid-value")
        }
        + Slot("{mode: tunnel}", "{child: {bytes: $}}", 4).with(
            ["64", "64GB", "64gib", "0GiB", "-1GiB", "1KiB", "2048TiB", "64 GiB", "GiB", "1.5GiB"], "invalid-value")
        + Slot("tags: [europe]", "index: $", 9).with(
            ["0", "-1", "100000", "1.5", "one", "01", "\"\"", "0x1", "1e2", "99999999999999999999"], "invalid-value")
        + Slot("{public: 203.0.113.10,", "{public: 203.0.113.10, mtu: $,", 7).with(
            ["0", "575", "9217", "-1", "big", "1500.0", "01500"], "invalid-value")
        + Slot("tags: [europe]", "drained: $", 9).with(["yes", "no", "True", "1", "on"], "invalid-value")
        + Slot("{public: 203.0.113.10,", "{public: 203.0.113.10, mtu: $,", 7).with(["576", "600", "650"], "mtu-too-small")

    private static let ike = Slot("{mode: tunnel}", "{ike: {proposals: [$]}}", 4)
    private static let child = Slot("{mode: tunnel}", "{child: {proposals: [$]}}", 4)
    private static let weakGroups = ["modp768", "modp1024", "modp1536", "modp1024s160", "ecp192", "ecp224", "MODP1024"]
    private static let proposals =
        ike.with(
            [
                "aes256", "aes256gcm16", "aes256gcm16-prfsha384", "aes256gcm8-prfsha384-x25519",
                "camellia256gcm16-prfsha256-x25519", "aes256gcm16-prfsha512-x25519", "aes256gcm16-prfsha384-modp4096", "\"-\"",
                "aes256gcm16--x25519", "AES256GCM16-prfsha384-x25519",
            ], "invalid-value")
        + child.with(
            [
                "aes256", "aes256gcm", "aes256gcm16-", "aes256gcm16-prfsha384", "aes256gcm16-x25519-x25519",
                "aes256gcm16-modp4096", "\"\"",
            ], "invalid-value")
        + ike.with(
            ["3des", "des", "blowfish", "cast128", "null"].map { "\($0)-sha256-modp2048" }
                + ["md5", "sha1", "prfmd5", "prfsha1"].map { "aes256-\($0)-modp2048" }
                + weakGroups.map { "aes256gcm16-prfsha384-\($0)" }, "weak-proposal")
        + child.with(weakGroups.map { "aes256gcm16-\($0)" } + ["3des", "des", "null", "3des-sha1"], "weak-proposal")

    private static let oslo =
        "  oslo:\n    gateway: {public: 203.0.113.30, private: 10.0.0.1}\n    networks: [10.0.0.0/24]\n    index: 7"
    private static let references =
        sitesByName.flatMap { $0.with(["tokio", "berln", "oslo", "a", "x-1", "berlin-2"], "unknown-site") }
        + [
            links.with(["berlin"], "link-to-itself"),
            Slot(belowTopology, "topology: full-mesh\nlinks: [{between: [berlin, tokyo]}, {between: $}]", 4).with(
                ["[berlin, tokyo]", "[tokyo, berlin]"], "link-duplicate"),
            Slot(belowTopology, "topology: full-mesh\nlinks: [{between: $}]", 4).with(
                ["[berlin]", "[]"], "invalid-value"),
            Slot(belowTopology, "topology: full-mesh\nlinks: [{between: $}]", 4).with(
                ["[berlin, tokyo, tokyo]"], "too-large"),
            testTo.with(["berlin"], "invalid-value"), hubs.with(["berlin, berlin"], "invalid-value"),
            groups.with(["tokyo"], "invalid-value"),
            Slot("    networks: [192.168.2.0/24]", "    networks: [192.168.2.0/24]\n    index: $\n" + oslo, 17)
                .with(["7"], "index-duplicate"),
        ].flatMap(\.self)
        + [
            "explicit", "{kind: explicit}", "{kind: groups, groups: {a: [berlin], b: [tokyo]}}",
            "{kind: groups, groups: {a: [tokyo]}}",
        ]
        .map { Mutation("full-mesh", $0, "topology-disconnected@6", "topology-disconnected@10") }

    private static let missing: [Mutation] = [
        .init("full-mesh", "hub-and-spoke", "missing-key@3"), .init("full-mesh", "groups", "missing-key@3"),
        .init("full-mesh", "{}", "missing-key@3"), .init("full-mesh", "{hubs: [berlin]}", "missing-key@3"),
        .init("full-mesh", "{kind: hub-and-spoke}", "missing-key@3"), .init("full-mesh", "{kind: groups}", "missing-key@3"),
        .init("full-mesh", "{kind: groups, groups: {}}", "invalid-value@3"),
        .init("full-mesh", "{kind: groups, groups: {a: []}}", "invalid-value@3"),
        .init("full-mesh", "{kind: star}", "invalid-value@3"), .init("full-mesh", "star", "invalid-value@3"),
        .init("full-mesh", "{kind: full-mesh, hubs: [berlin]}", "unknown-key@3"),
        .init("full-mesh", "{kind: groups, groups: {a: [berlin, tokyo]}, hubs: [berlin]}", "unknown-key@3"),
        .init("full-mesh", "full-mesh\nlinks: [{ipsec: {mode: transport}}]", "missing-key@4"),
        .init("full-mesh", "full-mesh\ntests: [{to: tokyo, expect: reachable}]", "missing-key@4"),
        .init("full-mesh", "full-mesh\ntests: [{from: berlin, expect: reachable}]", "missing-key@4"),
        .init("full-mesh", "full-mesh\ntests: [{from: berlin, to: tokyo}]", "missing-key@4"),
        .init("full-mesh", "full-mesh\ntests: [{from: berlin, to: tokyo, expect: yes}]", "invalid-value@4"),
        .init("full-mesh", "full-mesh\ntests: []", "invalid-value@4"),
        .init("full-mesh", "full-mesh\nlinks: []", "invalid-value@4"),
    ]
}

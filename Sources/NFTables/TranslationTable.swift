import WarrenModel

extension NFTable {
    public static let translationName = "warren_translation"

    /// Networks under the addresses that the peers see; no table when there are none.
    ///
    /// What comes in through a tunnel for a visible address goes to its real counterpart, and what leaves through one from a
    /// real address has its visible counterpart as its source; conntrack does the same to their answers and to the ICMP
    /// errors about them. What no translation took, as packets that conntrack calls invalid, is dropped: it neither enters a
    /// tunnel under a real address, nor goes elsewhere under a visible one. The gateway's own visible address is its own
    /// already and is left alone.
    ///
    /// Flows between these networks and the tunnels have a conntrack zone of their own, which is another one for other
    /// translations: a flow that was tracked before is never translated as it was then, and never kept from being it anew.
    public static func translation(_ translations: [NetworkTranslation]) -> NFTable {
        let all = translations.sorted { ($0.network, $0.visible) < ($1.network, $1.visible) }
        guard !all.isEmpty else { return NFTable(name: translationName, chains: []) }
        let zone = "ct zone set \(zone(of: all))"
        func rules(_ rule: (_ ip: String, NetworkTranslation) -> [String]) -> [Rule] {
            all.flatMap { rule(headerName($0.network.family), $0) }.map { Rule($0) }
        }
        return NFTable(
            name: translationName,
            chains: [
                Chain(
                    "zone", hook: "prerouting", priority: -300, remark: "Before conntrack.",
                    rules: rules { ip, item in
                        [
                            "iifname \"gif*\" \(ip) daddr \(item.visible) \(zone)",
                            "\(ip) saddr \(item.network) fib daddr oifname \"gif*\" \(zone)",
                        ]
                    }),
                Chain(
                    "zone_of_own", hook: "output", priority: -300,
                    rules: rules { ip, item in
                        [item.network, item.visible].map { "oifname \"gif*\" \(ip) saddr \($0) \(zone)" }
                    }),
                Chain(
                    "inward", type: "nat", hook: "prerouting", priority: -100,
                    rules: [Rule("iifname \"gif*\" fib daddr type local accept")]
                        + rules { ip, item in
                            ["iifname \"gif*\" \(ip) daddr \(item.visible) dnat \(ip) prefix to \(item.network)"]
                        }),
                Chain(
                    "outward", type: "nat", hook: "postrouting", priority: 100,
                    rules: rules { ip, item in
                        ["oifname \"gif*\" \(ip) saddr \(item.network) snat \(ip) prefix to \(item.visible)"]
                    }),
                Chain(
                    "untranslated_out", hook: "postrouting", priority: 110, remark: "What was not translated goes nowhere.",
                    rules: rules { ip, item in ["oifname \"gif*\" \(ip) saddr \(item.network) drop"] }),
                Chain(
                    "untranslated_in", hook: "forward", priority: 0,
                    rules: rules { ip, item in
                        ["\(ip) daddr \(item.visible) drop"]
                    }),
            ])
    }

    /// 1 to 65535, by the translations alone (FNV-1a): zone 0 is everybody else's.
    private static func zone(of translations: [NetworkTranslation]) -> UInt32 {
        var hash: UInt32 = 2_166_136_261
        for byte in translations.map({ "\($0.network) \($0.visible);" }).joined().utf8 {
            hash = (hash ^ UInt32(byte)) &* 16_777_619
        }
        return hash % 65_535 + 1
    }
}

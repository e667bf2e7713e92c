import WarrenModel

/// `pf.conf`: translated networks. Only pf maps whole networks one for one; ipfw keeps the links closed beside it.
enum PFRules {
    static let name = "pf.conf"
    static let place = "/usr/local/etc/warren/pf.conf"

    /// Nil when no network of the site is translated.
    static func file(_ gateway: RenderedGateway) throws(RenderError) -> RenderedFile? {
        let translations = gateway.plan.translations
        guard !translations.isEmpty else { return nil }
        var lines = gateway.heading(
            "Copy it to \(place): rc.conf has pf load it. Where pf has rules already, add these lines instead,",
            "binat before their first filter rule, block before any that passes what is on gif*.",
            "",
            "The peers see the site's networks under other addresses, one for one. pf filters what it has translated, so what is",
            "blocked here was not: it neither enters a tunnel under a real address, nor goes on under a visible one.")
        for link in gateway.links {
            for item in translations {
                lines.append(try rule("binat", link, item, "from \(item.network) to any -> \(item.visible)"))
            }
        }
        for link in gateway.links {
            for item in translations {
                lines.append(try rule("block drop out quick", link, item, "from \(item.network) to any"))
                lines.append(try rule("block drop in quick", link, item, "from any to \(item.visible)"))
            }
        }
        return RenderedFile(name, lines: lines)
    }

    private static func rule(
        _ action: String, _ link: RenderedLink, _ item: NetworkTranslation, _ ends: String
    ) throws(RenderError) -> String {
        let family = item.network.family == .ipv4 ? "inet" : "inet6"
        let syntax = WordSyntax(format: "pf")
        _ = try syntax.line(link.tunnel.interface)
        return "\(action) on \(link.tunnel.interface) \(family) \(ends)"
    }
}

import NFTables
import WarrenModel

/// `nftables.conf`: a table that keeps the links closed, whatever else stands, and one for translated networks.
enum FilterTable {
    static let name = "nftables.conf"

    static func file(_ gateway: RenderedGateway) throws(RenderError) -> RenderedFile {
        var lines =
            ["#!/usr/sbin/nft -f"]
            + gateway.heading(
                "Load it at boot, before the network: nft -f \(name). It replaces its own tables in one step, and no others.",
                "",
                "It drops IP-in-IP that ESP does not protect, both ways. It cannot open what another table closes: where one",
                "filters input, let it accept UDP ports 500 and 4500 and ESP from the peers, and what comes in through gif*.")
        do { lines += try NFTable.firewall(gateway.plan.firewall, numbered: false).replacement } catch {
            throw RenderError(.syntax, "\(error)")
        }
        if !gateway.plan.translations.isEmpty {
            lines += ["# The peers see the site's networks under other addresses, one for one."]
            lines += NFTable.translation(gateway.plan.translations).replacement
        }
        return RenderedFile(name, lines: lines)
    }
}

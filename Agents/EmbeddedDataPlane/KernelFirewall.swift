import DataPlane
import NFTables
import WarrenModel

/// The firewall rules, in a table of nftables that is replaced as a whole in one transaction.
struct KernelFirewall {
    let tools: NetworkTools

    /// Empty rules remove the table.
    func set(_ rules: [FirewallRule]) throws(DataPlaneError) {
        let table: NFTable
        do { table = try NFTable.firewall(rules, numbered: true) } catch { throw DataPlaneError(.invalid, "\(error)") }
        try tools.replace(table)
    }

    /// The rules that really stand, in the order in which they were set; those of a table that somebody changed come out
    /// different from what was set.
    func observe() throws(DataPlaneError) -> [FirewallRule] {
        guard let listing = try tools.listTable(NFTable.firewallName) else { return [] }
        return listing.firewallRules
    }
}

extension NetworkTools {
    func replace(_ table: NFTable) throws(DataPlaneError) {
        try require(["nft", "-f", "-"], input: table.replacement.map { $0 + "\n" }.joined())
    }

    /// Nil when there is no such table.
    func listTable(_ name: String) throws(DataPlaneError) -> TableListing? {
        let outcome = try run(["nft", "-j", "-n", "list", "table", "inet", name])
        guard outcome.status == 0 else {
            if outcome.errors.contains("No such file or directory") { return nil }
            throw DataPlaneError(.refused, "nft list table: \(outcome.errors)")
        }
        return try decodeJSON(TableListing.self, outcome.output)
    }
}

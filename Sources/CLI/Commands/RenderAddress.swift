import ArgumentParser
import WarrenInventory
import WarrenModel

/// `SITE=ADDRESS`: where a site is whose public address the inventory does not say.
struct SiteAddress: ExpressibleByArgument {
    let site: SiteName
    let address: IPAddress

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let site = SiteName(String(parts[0])), let address = IPAddress(String(parts[1])) else {
            return nil
        }
        self.site = site
        self.address = address
    }

    /// By site, each with at most one of each family. None may be of a site that says its address itself.
    static func assigned(_ all: [SiteAddress], in inventory: Inventory) throws -> [SiteName: [IPAddress]] {
        var addresses: [SiteName: [IPAddress]] = [:]
        for item in all {
            guard let site = inventory.sites.first(where: { $0.name == item.site }) else {
                throw InventorySource.unknownSite(item.site, in: inventory, "the inventory")
            }
            guard site.gateway.publicAddressSource != .inventory else {
                throw CommandFailure(
                    usage: "--address \(item.site)=\(item.address): the inventory says where that site is: leave it out")
            }
            guard !addresses[item.site, default: []].contains(where: { $0.family == item.address.family }) else {
                throw CommandFailure(usage: "--address: two \(item.address.family) addresses of \(item.site): give one")
            }
            addresses[item.site, default: []].append(item.address)
        }
        return addresses
    }
}

import WarrenInventory
import WarrenModel

/// The number that each site keeps for life: its peers call the tunnel to it `gif<number>`.
public enum SiteIndexes {
    public static let allowed = InventoryLimits.indexes

    /// The index of every site: the one that the inventory pins, or the one in `known`, or else, in file order, the lowest that nobody has. A site
    /// that is gone but still in `known` keeps its number from being given again. With nothing known that is 1, 2, 3, …
    ///
    /// Entries out of range, or given to two sites, count as unknown, but for the first site in byte order.
    public static func assign(_ sites: [Site], known: [SiteName: Int]) -> [SiteName: Int] {
        var used: Set<Int> = []
        var indexes: [SiteName: Int] = [:]
        for site in sites {
            guard let index = site.index, allowed.contains(index), used.insert(index).inserted else { continue }
            indexes[site.name] = index
        }
        for (name, index) in known.sorted(by: { $0.key < $1.key }) where allowed.contains(index) && indexes[name] == nil {
            if used.insert(index).inserted { indexes[name] = index }
        }
        var next = allowed.lowerBound
        for site in sites where indexes[site.name] == nil {
            while used.contains(next) { next += 1 }
            used.insert(next)
            indexes[site.name] = next
        }
        return indexes
    }
}

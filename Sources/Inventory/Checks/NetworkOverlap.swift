import WarrenModel

/// `network-overlap`: two sites own the same addresses, so that no gateway could tell where a packet belongs. What the others
/// see of a site's network must meet nothing of any other site; networks that are translated may meet each other.
enum NetworkOverlap {
    static func faults(in declaration: Declaration) -> [Fault] {
        let addresses = addresses(of: declaration)
        let overlaps = PrefixOverlaps(
            of: addresses.map(\.prefix), hidden: addresses.map(\.isHidden), limit: InventoryLimits.diagnostics + 1)
        var remedies = OverlapRemedies(declaration)
        // What lies within one site is the business of other rules.
        return overlaps.pairs.lazy.map { (addresses[$0.wider], addresses[$0.narrower]) }.filter { $0.site != $1.site }.map {
            let (earlier, later) = $0.place < $1.place ? ($0, $1) : ($1, $0)
            let relation =
                later.prefix == earlier.prefix
                ? "equals" : later.prefix.contains(earlier.prefix) ? "contains" : "lies in"
            let common = max(earlier.prefix.length, later.prefix.length) == later.prefix.length ? later.prefix : earlier.prefix
            return Fault(
                .networkOverlap, at: later.place,
                "\(words(later, declaration)) \(relation) \(words(earlier, declaration)): both have \(common)",
                related: earlier.place, remedy: remedies.remedy(earlier, later))
        }
    }

    private static func words(_ network: DeclaredNetwork, _ declaration: Declaration) -> String {
        let site = declaration.sites[network.site].name.value
        return network.original.map { "\(network.prefix) (how \($0) of \(site) is seen)" } ?? "\(network.prefix) of \(site)"
    }

    /// Networks that hold others of the same site stand for those.
    private static func addresses(of declaration: Declaration) -> [DeclaredNetwork] {
        declaration.sites.indices.flatMap { number in
            let site = declaration.sites[number]
            return site.addresses(of: NetworkRedundant.split(site.networks).kept, number: number)
        }
    }
}

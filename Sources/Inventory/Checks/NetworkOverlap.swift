import WarrenModel

/// `network-overlap`: two sites own the same addresses, so that no gateway could tell where a packet belongs.
enum NetworkOverlap {
    /// How many faults come with a free network that would do.
    private static let proposals = 100

    static func faults(in declaration: Declaration) -> [Fault] {
        var free = FreeSpace(taken: declaration)
        let pairs = overlaps(disjointWithinSites(declaration), limit: InventoryLimits.diagnostics + 1)
        return pairs.enumerated().map { number, pair in
            let (earlier, later) = pair.a.place < pair.b.place ? (pair.a, pair.b) : (pair.b, pair.a)
            let name = { (network: DeclaredNetwork) in declaration.sites[network.site].name.value }
            let relation =
                later.prefix == earlier.prefix
                ? "equals" : later.prefix.contains(earlier.prefix) ? "contains" : "lies in"
            let common = max(earlier.prefix.length, later.prefix.length) == later.prefix.length ? later.prefix : earlier.prefix
            // Looking for free space costs as much as there are networks, and nobody reads that many proposals.
            let proposal = number < proposals ? free.takeNearest(to: later.prefix) : nil
            let remedy =
                proposal.map { "give \(name(later)) a free network, such as \($0)" } ?? "renumber one of the two"
            return Fault(
                .networkOverlap, at: later.place,
                "\(later.prefix) of \(name(later)) \(relation) \(earlier.prefix) of \(name(earlier)): both have \(common)",
                related: earlier.place, remedy: remedy)
        }
    }

    /// Every pair of networks that overlap, `limit` at most; of two that are equal, the one earlier in `networks` comes
    /// first. `networks` must be disjoint within each site.
    static func overlaps(
        _ networks: [DeclaredNetwork], limit: Int = .max
    ) -> [(a: DeclaredNetwork, b: DeclaredNetwork)] {
        PrefixOverlaps(of: networks.map(\.prefix), limit: limit).pairs.map { (networks[$0.wider], networks[$0.narrower]) }
    }

    private static func disjointWithinSites(_ declaration: Declaration) -> [DeclaredNetwork] {
        declaration.sites.indices.flatMap { site in
            NetworkRedundant.split(declaration.sites[site].networks).kept.map {
                DeclaredNetwork(site: site, prefix: $0.value, place: $0.place)
            }
        }
    }
}

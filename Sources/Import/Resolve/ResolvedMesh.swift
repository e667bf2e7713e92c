import WarrenModel

/// What all gateways together say.
struct ResolvedMesh {
    var sites: [ResolvedSite] = []
    var links: [LinkID: IPsecParameters] = [:]
    /// Gateways that the packets of two others pass, when every other site is linked to each of them and they to each other.
    var hubs: [SiteName] = []

    var isFullMesh: Bool { links.count == sites.count * (sites.count - 1) / 2 }
}

/// A site as the inventory will have it.
struct ResolvedSite {
    var name: SiteName
    var publicAddresses: [IPAddress]
    var privateAddress: IPAddress
    var networks: [IPPrefix]
    var platform: Platform
}

/// A gateway while it is found out what it has.
struct SiteDraft {
    /// Where remarks about it point to.
    var source: Source
    var name: SiteName
    var platform: Platform
    var publicAddresses: [IPAddress] = []
    /// What tunnels call its inner address: its own first, then what its peers say.
    var privateAddresses: [IPAddress] = []
    var claims: [Claim] = []
    /// What it sends into tunnels, to find out which claims are only a way through it.
    var outgoing: [IPPrefix] = []
}

/// Somebody's word that a site has a network.
struct Claim {
    var prefix: IPPrefix
    var source: Source
    /// The site itself says so.
    var isOwn: Bool
}

/// Prefixes without those that lie in another: one look-up takes O(log n).
struct PrefixSet {
    private(set) var prefixes: [IPPrefix] = []

    init(_ all: [IPPrefix]) {
        for prefix in all.sorted() {
            if let last = prefixes.last, last.contains(prefix) { continue }
            prefixes.append(prefix)
        }
    }

    func overlaps(_ prefix: IPPrefix) -> Bool {
        var low = 0, high = prefixes.count
        while low < high {
            let middle = (low + high) / 2
            if prefixes[middle] < prefix { low = middle + 1 } else { high = middle }
        }
        return [low - 1, low].contains { prefixes.indices.contains($0) && prefixes[$0].overlaps(prefix) }
    }
}

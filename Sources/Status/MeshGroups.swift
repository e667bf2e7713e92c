import WarrenModel

/// A mesh that is too large to be looked at site by site: its links counted between tags.
public struct MeshGroups: Sendable, Hashable, Codable {
    /// The sites of one tag; a site with several tags is among those of each.
    public struct Group: Sendable, Hashable, Codable {
        /// Nil: the sites that have no tag.
        public var tag: String?
        public var sites: Int
        public var connectedSites: Int

        public init(tag: String?, sites: Int = 0, connectedSites: Int = 0) {
            self.tag = tag
            self.sites = sites
            self.connectedSites = connectedSites
        }
    }

    /// The links that have one end in either group, or both in the one.
    public struct Pair: Sendable, Hashable, Codable {
        /// Places in `groups`, the first not above the second.
        public var first: Int
        public var second: Int
        public var links: [LinkState: Int]

        public init(first: Int, second: Int, links: [LinkState: Int]) {
            self.first = first
            self.second = second
            self.links = links
        }
    }

    /// In order of tags, the sites without any last.
    public var groups: [Group]
    /// Those that have links.
    public var pairs: [Pair]

    public init(groups: [Group], pairs: [Pair]) {
        self.groups = groups
        self.pairs = pairs
    }

    /// - Parameters:
    ///   - sites: all of the mesh.
    ///   - tags: of each site; a site that is not named has none.
    ///   - links: all of the mesh: the places of their ends in `sites`, and their states.
    public init(
        sites: [SiteStatus], tags: [SiteName: [String]], links: some Sequence<(first: Int, second: Int, state: LinkState)>
    ) {
        let known = Set(tags.values.joined()).sorted()
        let places = Dictionary(uniqueKeysWithValues: known.enumerated().map { ($1, $0) })
        var groups = known.map { Group(tag: $0) } + [Group(tag: nil)]
        let memberships = sites.map { site -> [Int] in
            let own = Set(tags[site.site] ?? []).compactMap { places[$0] }
            return own.isEmpty ? [known.count] : own
        }
        for (site, own) in zip(sites, memberships) {
            for place in own {
                groups[place].sites += 1
                if site.connected { groups[place].connectedSites += 1 }
            }
        }
        let width = groups.count
        var counts: [[LinkState: Int]] = Array(repeating: [:], count: width * width)
        for link in links {
            var pairs: Set<Int> = []
            for one in memberships[link.first] {
                for other in memberships[link.second] { pairs.insert(min(one, other) * width + max(one, other)) }
            }
            for pair in pairs { counts[pair][link.state, default: 0] += 1 }
        }
        if groups[known.count].sites == 0 { groups.removeLast() }
        self.init(
            groups: groups,
            pairs: counts.indices.filter { !counts[$0].isEmpty }.map {
                Pair(first: $0 / width, second: $0 % width, links: counts[$0])
            })
    }
}

import WarrenModel

/// Which sites of a mesh are linked. Sites are numbered by their order in the list that it was made of; a drained site
/// has no link. Pairs are worked out when they are asked for: a mesh of ten thousand sites costs no fifty million pairs.
public struct MeshLinks: Sendable {
    private enum Shape {
        case all
        case hubs([Int])
        /// The members of each group, and the groups of each site.
        case groups(members: [[Int]], memberships: [Int: [Int]])
        case none
    }

    private let count: Int
    private let isActive: [Bool]
    private let shape: Shape
    private let hubs: Set<Int>
    /// The pairs under `links`, by either end.
    private let declared: [Int: [Int]]

    /// `names` are the sites; what the topology and the links say of others is ignored.
    public init(topology: Topology, links: [LinkID], names: [SiteName], drained: Set<SiteName>) {
        count = names.count
        isActive = names.map { !drained.contains($0) }
        var numbers: [SiteName: Int] = [:]
        if topology != .fullMesh || !links.isEmpty {
            numbers = Dictionary(names.enumerated().map { ($1, $0) }) { first, _ in first }
        }
        var hubs: [Int] = []
        switch topology {
        case .fullMesh: shape = .all
        case .hubAndSpoke(let named):
            hubs = named.compactMap { numbers[$0] }
            shape = .hubs(hubs)
        case .groups(let groups):
            let members = groups.map { $0.sites.compactMap { numbers[$0] } }
            var memberships: [Int: [Int]] = [:]
            for (group, sites) in members.enumerated() {
                for site in sites { memberships[site, default: []].append(group) }
            }
            shape = .groups(members: members, memberships: memberships)
        case .explicit: shape = .none
        }
        self.hubs = Set(hubs)
        var declared: [Int: [Int]] = [:]
        for link in links {
            guard let a = numbers[link.first], let b = numbers[link.second] else { continue }
            declared[a, default: []].append(b)
            declared[b, default: []].append(a)
        }
        self.declared = declared
    }

    /// Of the inventory's sites in the order given, its own unless said.
    public init(_ inventory: Inventory, names: [SiteName]? = nil) {
        self.init(
            topology: inventory.topology, links: inventory.links.map(\.link), names: names ?? inventory.sites.map(\.name),
            drained: Set(inventory.sites.filter(\.isDrained).map(\.name)))
    }

    /// The sites that `site` has a link to, ascending.
    public func peers(of site: Int) -> [Int] {
        guard isActive.indices.contains(site), isActive[site] else { return [] }
        let extra = declared[site, default: []]
        var found: [Int]
        switch shape {
        case .all: return everyone(but: site)
        case .hubs(let all):
            if hubs.contains(site) { return everyone(but: site) }
            found = all + extra
        case .groups(let members, let memberships):
            found = memberships[site, default: []].flatMap { members[$0] } + extra
        case .none: found = extra
        }
        found.sort()
        // Each once.
        var last = site
        return found.filter { other in
            defer { last = other }
            return other != last && other != site && isActive[other]
        }
    }

    /// Whether the two have a link; at the cost of the few links that either is declared in, whatever the size of the mesh.
    public func areLinked(_ a: Int, _ b: Int) -> Bool {
        guard a != b, isActive.indices.contains(a), isActive.indices.contains(b), isActive[a], isActive[b] else { return false }
        switch shape {
        case .all: return true
        case .hubs: if hubs.contains(a) || hubs.contains(b) { return true }
        case .groups(_, let memberships):
            let groups = memberships[b, default: []]
            if memberships[a, default: []].contains(where: groups.contains) { return true }
        case .none: break
        }
        return declared[a, default: []].contains(b)
    }

    /// The hub that `site` reaches the sites through that it has no link to: the first that is not drained. Nil for a hub,
    /// a drained site, and where the topology has no hubs.
    public func transit(from site: Int) -> Int? {
        guard isActive.indices.contains(site), isActive[site], !hubs.contains(site) else { return nil }
        return transitHub
    }

    /// The hub that spokes reach each other through.
    public var transitHub: Int? {
        guard case .hubs(let all) = shape else { return nil }
        return all.first { isActive[$0] }
    }

    public func isHub(_ site: Int) -> Bool { hubs.contains(site) }
    public func isDrained(_ site: Int) -> Bool { isActive.indices.contains(site) && !isActive[site] }

    private func everyone(but site: Int) -> [Int] { (0..<count).filter { $0 != site && isActive[$0] } }
}

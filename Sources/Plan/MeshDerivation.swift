import WarrenInventory
import WarrenModel

/// A mesh whose gateways' plans are derived one at a time, in byte order of their sites' names, each at the cost of its own
/// links: for a summary or a comparison of a mesh that is too large to be held whole.
public struct MeshDerivation: Sendable, Sequence {
    public let mesh: String
    /// In byte order of the names.
    private(set) var nodes: [MeshNode]
    let links: MeshLinks
    let positions: [SiteName: Int]
    /// What links run with that the inventory makes exceptions for.
    let exceptions: [LinkID: IPsecParameters]
    let keyEpochs: [LinkID: UInt32]
    let keyFloors: [LinkID: UInt32]
    let topology: Topology
    /// The pairs that are linked whatever the topology.
    let declared: Set<LinkID>
    /// How many sites that are not drained have networks of each family.
    let owners: FamilyCount

    /// - Parameters:
    ///   - inventory: as `assignments`, that of `Plan.derive`.
    ///   - keyFloors: of links, the lowest epoch of a key that is trusted; no link's key is of an earlier one.
    public init(_ inventory: Inventory, assignments: Assignments = .none, keyFloors: [LinkID: UInt32] = [:]) {
        let inventory = inventory.with(assignments)
        mesh = inventory.mesh
        let indexes = SiteIndexes.assign(inventory.sites, known: assignments.indexes)
        let nodes = inventory.sites.map { MeshNode($0, index: indexes[$0.name] ?? 0) }.sorted { $0.site.name < $1.site.name }
        self.nodes = nodes
        links = MeshLinks(inventory, names: nodes.map(\.site.name))
        positions = Dictionary(nodes.enumerated().map { ($1.site.name, $0) }) { first, _ in first }
        exceptions = Dictionary(inventory.links.compactMap { link in link.ipsec.map { (link.link, $0) } }) { first, _ in first }
        keyEpochs = assignments.keyEpochs.merging(keyFloors) { Swift.max($0, $1) }
        self.keyFloors = keyFloors
        topology = inventory.topology
        declared = Set(inventory.links.map(\.link))
        owners = FamilyCount(nodes)
    }

    /// The same mesh with what `change` makes of each of its nodes, by position: it must leave the name and networks as they are.
    func replacingNodes(_ change: (Int, MeshNode) -> MeshNode) -> MeshDerivation {
        var mesh = self
        for (position, node) in nodes.enumerated() { mesh.nodes[position] = change(position, node) }
        return mesh
    }

    public var sites: [SiteName] { nodes.map(\.site.name) }
    public var count: Int { nodes.count }

    /// How many links the mesh has.
    public var linkCount: Int { nodes.indices.reduce(0) { $0 + links.peers(of: $1).count } / 2 }

    /// Every link, once, in order: also those that have no tunnel yet, since an address is awaited.
    public var linkIDs: [LinkID] {
        nodes.indices.flatMap { position in
            links.peers(of: position).compactMap { peer in
                peer > position ? LinkID(nodes[position].site.name, nodes[peer].site.name) : nil
            }
        }
    }

    /// The pairs of sites that are linked, and those that would be but for an end that is drained: for each site, by its place in
    /// `sites`, the places of its peers, ascending.
    public func neighbours() -> [[Int]] {
        let all =
            drainedSites.isEmpty ? links : MeshLinks(topology: topology, links: Array(declared), names: sites, drained: [])
        return nodes.indices.map { all.peers(of: $0) }
    }

    /// The sites that a site is linked to, in order; none when there is no such site.
    public func peers(of site: SiteName) -> [SiteName] {
        positions[site].map { links.peers(of: $0).map { nodes[$0].site.name } } ?? []
    }

    public var drainedSites: Set<SiteName> { Set(nodes.lazy.filter(\.site.isDrained).map(\.site.name)) }

    /// What the inventory says of a site, with the addresses that were learned since, and its index.
    public func declaration(of site: SiteName) -> (site: Site, index: Int)? {
        positions[site].map { (nodes[$0].site, nodes[$0].index) }
    }

    public subscript(site: SiteName) -> GatewayPlan? { positions[site].map { plan(at: $0) } }

    public func makeIterator() -> AnyIterator<GatewayPlan> {
        var next = 0
        return AnyIterator {
            guard next < nodes.count else { return nil }
            defer { next += 1 }
            return plan(at: next)
        }
    }

    /// What the gateway must run: a link to each peer, a way through the hub to the sites that it has no link to, and
    /// nothing that leads any other site's packets past the tunnels.
    private func plan(at position: Int) -> GatewayPlan {
        let nodes = nodes, node = nodes[position]
        let peers = links.peers(of: position)
        let transit = links.transit(from: position).flatMap { hub in
            node.outer(to: nodes[hub]) == nil ? nil : self.link(from: position, to: hub)
        }
        var plan = node.emptyPlan(links: peers.count, networks: nodes.count)
        var rest = peers[...]
        for other in nodes.indices where other != position {
            let networks = nodes[other].networks
            plan.unreachable += networks
            if other == rest.first {
                rest.removeFirst()
                plan.addLink(self.link(from: position, to: other))
            } else if let transit, !links.isDrained(other) {
                plan.addRoutes(to: networks, through: transit)
            }
        }
        return plan
    }

    func link(from position: Int, to other: Int) -> MeshLink {
        let local = nodes[position], remote = nodes[other]
        // Where the two ends say different things, both follow the one that starts the link.
        let isInitiator = local.site.name < remote.site.name
        var parameters = (isInitiator ? local : remote).site.gateway.ipsec
        var keyEpoch = Plan.firstKeyEpoch, keyFloor: UInt32?
        if !exceptions.isEmpty || !keyEpochs.isEmpty, let link = LinkID(local.site.name, remote.site.name) {
            parameters = exceptions[link] ?? parameters
            keyEpoch = keyEpochs[link] ?? keyEpoch
            keyFloor = keyFloors[link]
        }
        return MeshLink(
            local: local, remote: remote, isInitiator: isInitiator, parameters: parameters, keyEpoch: keyEpoch,
            keyFloor: keyFloor, families: families(position, other))
    }

    /// The families that a tunnel carries: that of the inner addresses, and any that both ends have networks of, or the
    /// sites that are reached through them.
    private func families(_ a: Int, _ b: Int) -> [AddressFamily] {
        let one = nodes[a], other = nodes[b]
        let hub = links.transitHub
        let spoke = hub == a ? other : hub == b ? one : nil
        let carries = { (family: AddressFamily) in
            if family == one.site.gateway.privateAddress.family || (one.has(family) && other.has(family)) { return true }
            guard let spoke, !links.isHub(hub == a ? b : a) else { return false }
            return spoke.has(family) && owners.isAnotherThanOne(family)
        }
        return carries(.ipv4) ? carries(.ipv6) ? Self.bothFamilies : Self.ipv4Alone : carries(.ipv6) ? Self.ipv6Alone : []
    }

    // Of any number of links, each held once.
    private static let ipv4Alone = [AddressFamily.ipv4], ipv6Alone = [AddressFamily.ipv6], bothFamilies = AddressFamily.allCases
}

/// How many sites that are not drained have networks of each family.
struct FamilyCount {
    private var ipv4 = 0
    private var ipv6 = 0

    init(_ nodes: [MeshNode]) {
        for node in nodes where !node.site.isDrained {
            ipv4 += node.has(.ipv4) ? 1 : 0
            ipv6 += node.has(.ipv6) ? 1 : 0
        }
    }

    func isAnotherThanOne(_ family: AddressFamily) -> Bool { (family == .ipv4 ? ipv4 : ipv6) > 1 }
}

import WarrenModel
import WarrenPlan

/// The sites of a mesh and the pairs of them that are linked, numbered. Made once for each mesh; a link takes 16 bytes.
public struct LinkLayout: Sendable {
    struct Pair {
        let first: Int32
        let second: Int32
    }

    struct Neighbour {
        let site: Int32
        let link: Int32
    }

    /// In byte order.
    public let sites: [SiteName]
    let positions: [SiteName: Int]
    /// In order of links.
    private(set) var pairs: [Pair] = []
    /// By site, ascending.
    private(set) var neighbours: [[Neighbour]]
    /// Why there is no link between a pair.
    private(set) var absences: [Int: (state: LinkState, reason: String)] = [:]

    public static let empty = LinkLayout(sites: [], peers: [])

    /// - Parameter awaited: the links that there can be none for yet, and the address that they wait for.
    public init(_ mesh: MeshDerivation, awaited: [LinkID: GatewayPlan.AwaitedPeer] = [:]) {
        self.init(sites: mesh.sites, peers: mesh.neighbours())
        let drained = mesh.drainedSites
        if !drained.isEmpty {
            for number in pairs.indices {
                let ends = id(of: number).sites.filter(drained.contains)
                guard !ends.isEmpty else { continue }
                let who = ends.map(\.description).joined(separator: " and ")
                absences[number] = (.drained, "\(who) \(ends.count == 1 ? "is" : "are") drained")
            }
        }
        for (link, awaited) in awaited {
            guard let number = number(of: link), absences[number] == nil else { continue }
            absences[number] = (.waiting, LinkStatus.reason(of: awaited))
        }
    }

    /// - Parameters:
    ///   - sites: in byte order.
    ///   - peers: of each site, the places of its peers in `sites`, ascending; of both ends of each link.
    init(sites: [SiteName], peers: [[Int]]) {
        self.sites = sites
        positions = Dictionary(sites.enumerated().map { ($1, $0) }) { first, _ in first }
        neighbours = peers.map { peers in
            var list: [Neighbour] = []
            list.reserveCapacity(peers.count)
            return list
        }
        pairs.reserveCapacity(peers.reduce(0) { $0 + $1.count } / 2)
        for (site, peers) in peers.enumerated() {
            for peer in peers where peer > site {
                neighbours[site].append(Neighbour(site: Int32(peer), link: Int32(pairs.count)))
                neighbours[peer].append(Neighbour(site: Int32(site), link: Int32(pairs.count)))
                pairs.append(Pair(first: Int32(site), second: Int32(peer)))
            }
        }
        // A site's lower neighbours came before its higher ones, each half in order.
        for site in neighbours.indices { neighbours[site].sort { $0.site < $1.site } }
    }

    public var linkCount: Int { pairs.count }

    func id(of number: Int) -> LinkID {
        let pair = pairs[number]
        return LinkID(sorted: sites[Int(pair.first)], sites[Int(pair.second)])
    }

    func number(of link: LinkID) -> Int? {
        guard let first = positions[link.first], let second = positions[link.second],
            let place = place(of: second, besides: first)
        else { return nil }
        return Int(neighbours[first][place].link)
    }

    /// Where `peer` is among the neighbours of `site`.
    func place(of peer: Int, besides site: Int) -> Int? {
        let list = neighbours[site]
        var low = 0, high = list.count
        while low < high {
            let middle = (low + high) / 2
            if Int(list[middle].site) < peer { low = middle + 1 } else { high = middle }
        }
        return low < list.count && Int(list[low].site) == peer ? low : nil
    }
}

extension LinkStatus {
    /// Why a link waits.
    static func reason(of awaited: GatewayPlan.AwaitedPeer) -> String {
        let origin =
            switch awaited.source {
            case .inventory: "which the inventory does not say"
            case .agent: "which its agent tells"
            case .name(let name): "which the name \(name) has"
            }
        return "waits for the address of \(awaited.site), \(origin)"
    }
}

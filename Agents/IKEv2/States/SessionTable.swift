import WarrenModel

/// Every IKE SA by the SPI that we chose, and each peer's by the peer.
struct SessionTable: Sendable {
    private var sessions: [IKESPI: Session] = [:]
    private var byPeer: [SiteName: Set<IKESPI>] = [:]

    subscript(spi: IKESPI) -> Session? {
        get { sessions[spi] }
        set {
            let old = sessions[spi]?.peer, new = newValue?.peer
            if let old, old != new {
                byPeer[old]?.remove(spi)
                if byPeer[old]?.isEmpty == true { byPeer[old] = nil }
            }
            if let new, old != new { byPeer[new, default: []].insert(spi) }
            sessions[spi] = newValue
        }
    }

    var count: Int { sessions.count }
    var keys: [IKESPI] { Array(sessions.keys) }
    var values: Dictionary<IKESPI, Session>.Values { sessions.values }

    /// Those of one peer, in the order of their SPIs; later changes of the table don't touch what was returned.
    func of(_ site: SiteName) -> [(spi: IKESPI, session: Session)] {
        (byPeer[site] ?? []).sorted { $0.rawValue < $1.rawValue }.compactMap { spi in sessions[spi].map { (spi, $0) } }
    }
}

/// Which peers are configured with a pair of addresses, as what they prefer or as an alternative.
struct AddressTable: Sendable {
    private var sites: [AddressPair: [SiteName]] = [:]

    mutating func add(_ peer: IKEPeer) {
        for outer in Self.pairs(of: peer) { sites[outer, default: []].append(peer.peer) }
    }

    mutating func remove(_ peer: IKEPeer) {
        for outer in Self.pairs(of: peer) {
            sites[outer]?.removeAll { $0 == peer.peer }
            if sites[outer]?.isEmpty == true { sites[outer] = nil }
        }
    }

    func candidates(_ outer: AddressPair) -> [SiteName] { sites[outer] ?? [] }

    private static func pairs(of peer: IKEPeer) -> Set<AddressPair> {
        Set(peer.ways.map(\.outer))
    }
}

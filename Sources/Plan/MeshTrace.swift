import WarrenInventory
import WarrenModel

/// A packet's way to an address, its answer's way back, and what could lead a packet into the clear at any gateway on them.
public struct MeshTrace: Sendable, Hashable, Codable {
    /// A link on the way that there is no tunnel for yet, since a public address is not known.
    public struct Awaited: Sendable, Hashable, Codable {
        /// The gateway that can't send the packet on.
        public let site: SiteName
        public let link: GatewayPlan.AwaitedPeer
    }

    /// A site that has the destination for its own, and is seen under another address.
    public struct SeenElsewhere: Sendable, Hashable, Codable {
        public let site: SiteName
        public let address: IPAddress
    }

    public let forth: PacketWalk
    /// Nil when the packet does not arrive.
    public let back: PacketWalk?
    /// What the packet waits for, or its answer, each link once; empty when it would arrive now, or not even with every address
    /// known.
    public let awaiting: [Awaited]
    /// Where no site has the destination: those that have it, but are to be sent to under another address.
    public let seenElsewhere: [SeenElsewhere]
    /// Every gateway on either way, in byte order.
    public let gateways: [SiteName]
    /// Of those gateways; empty is the proof that there is none.
    public let exposures: [Exposure]

    /// From an address of the site, the gateway's own where it is of the right family; nil when the mesh has no such site, or
    /// the site no address of the family.
    public init?(from site: SiteName, to destination: IPAddress, in mesh: MeshDerivation) {
        guard let source = mesh[site]?.address(of: destination.family) else { return nil }
        let trip = RoundTrip(from: site, source: source, to: destination) { mesh[$0] }
        forth = trip.forth
        back = trip.back
        awaiting = trip.returns ? [] : Self.awaited(by: trip, in: mesh)
        seenElsewhere = trip.forth.outcome == .leaves ? mesh.seenElsewhere(destination) : []
        gateways = Set(trip.walks.flatMap { $0.hops.map(\.site) + [$0.site] }).sorted()
        exposures = mesh.exposures(of: gateways)
    }

    /// The packet arrives, its answer comes back to where it came from, and neither could be seen.
    public var holds: Bool {
        forth.outcome == .delivered && back.map { forth.isAnswered(by: $0) } == true && exposures.isEmpty
    }

    /// The links of the trip that it would take if every address were known, as far as they wait for one now.
    private static func awaited(by trip: RoundTrip, in mesh: MeshDerivation) -> [Awaited] {
        guard mesh.isAwaiting else { return [] }
        let known = mesh.withEveryAddressSupposed()
        let supposed = RoundTrip(from: trip.forth.site(at: 0), source: trip.forth.source, to: trip.forth.destination) {
            known[$0]
        }
        guard supposed.returns else { return [] }
        var told: Set<LinkID> = []
        return supposed.walks.flatMap(\.hops).compactMap { hop in
            guard let link = LinkID(hop.site, hop.tunnel.peer), told.insert(link).inserted else { return nil }
            return mesh[hop.site]?.awaiting.first { $0.peer == hop.tunnel.peer }.map { Awaited(site: hop.site, link: $0) }
        }
    }
}

/// A packet's walk and its answer's: between the addresses that each end sees.
struct RoundTrip {
    let forth: PacketWalk
    /// Nil when the packet does not arrive.
    let back: PacketWalk?

    init(from site: SiteName, source: IPAddress, to destination: IPAddress, plan: (SiteName) -> GatewayPlan?) {
        forth = PacketWalk(from: site, source: source, to: destination, plan: plan)
        back =
            forth.outcome == .delivered
            ? PacketWalk(from: forth.site, source: forth.destinationAtEnd, to: forth.sourceAtEnd, plan: plan) : nil
    }

    var walks: [PacketWalk] { [forth, back].compactMap(\.self) }
    /// The answer is one that the sender takes for an answer.
    var returns: Bool { back.map { forth.isAnswered(by: $0) } ?? false }
}

extension PacketWalk {
    /// The gateway that the packet comes to as the `number`th, counted from 0.
    func site(at number: Int) -> SiteName { hops.indices.contains(number) ? hops[number].site : site }

    /// Whether the other packet is this one's answer: it comes back to where this one started, from where this one was sent.
    public func isAnswered(by back: PacketWalk) -> Bool {
        back.outcome == .delivered && back.site == site(at: 0) && back.sourceAtEnd == destination
            && back.destinationAtEnd == source
    }
}

extension MeshDerivation {
    /// The gateway's private address as the other sites see it; nil when there is no such site.
    public func visibleAddress(of site: SiteName) -> IPAddress? {
        nodes.first { $0.site.name == site }?.innerAddress
    }

    /// The sites that number their own hosts so and are seen otherwise, and the address that the others see.
    fileprivate func seenElsewhere(_ address: IPAddress) -> [MeshTrace.SeenElsewhere] {
        nodes.compactMap { node in
            node.site.translations.outward(address).map { MeshTrace.SeenElsewhere(site: node.site.name, address: $0) }
        }
    }
}

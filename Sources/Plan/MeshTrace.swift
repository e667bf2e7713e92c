import WarrenModel

/// A packet's way to an address, its answer's way back, and what could lead a packet into the clear at any gateway on them.
public struct MeshTrace: Sendable, Hashable, Codable {
    public let forth: PacketWalk
    /// Nil when the packet does not arrive.
    public let back: PacketWalk?
    /// Every gateway on either way, in byte order.
    public let gateways: [SiteName]
    /// Of those gateways; empty is the proof that there is none.
    public let exposures: [Exposure]

    /// From an address of the site, the gateway's own where it is of the right family; nil when the mesh has no such site, or
    /// the site no address of the family.
    public init?(from site: SiteName, to destination: IPAddress, in mesh: MeshDerivation) {
        guard let source = mesh[site]?.address(of: destination.family) else { return nil }
        forth = PacketWalk(from: site, source: source, to: destination) { mesh[$0] }
        back =
            forth.outcome == .delivered
            ? PacketWalk(from: forth.site, source: destination, to: source) { mesh[$0] } : nil
        let walks = [forth, back].compactMap(\.self)
        gateways = Set(walks.flatMap { $0.hops.map(\.site) + [$0.site] }).sorted()
        exposures = mesh.exposures(of: gateways)
    }

    /// The packet arrives, its answer comes back, and neither could be seen.
    public var holds: Bool { back?.outcome == .delivered && exposures.isEmpty }
}

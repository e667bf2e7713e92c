/// A 1:1 mapping of one of a site's networks: its peers see `visible`, the site itself keeps `network`. The network part is
/// swapped, the host part kept (RFC 2663, 4.1.1, basic NAT, without state; RFC 6296 in spirit, but for the whole prefix).
public struct NetworkTranslation: Sendable, Hashable, Codable {
    /// What the site's hosts are numbered from.
    public let network: IPPrefix
    /// What every other site calls it.
    public let visible: IPPrefix

    /// Nil unless both are of one family and one length: then every address has its counterpart.
    public init?(network: IPPrefix, visible: IPPrefix) {
        guard network.family == visible.family, network.length == visible.length else { return nil }
        self.network = network
        self.visible = visible
    }

    /// The visible counterpart of one of the network's addresses; nil for any other.
    public func outward(_ address: IPAddress) -> IPAddress? { Self.swap(address, from: network, to: visible) }

    /// The real counterpart of a visible address; nil for any other.
    public func inward(_ address: IPAddress) -> IPAddress? { Self.swap(address, from: visible, to: network) }

    private static func swap(_ address: IPAddress, from: IPPrefix, to: IPPrefix) -> IPAddress? {
        guard from.contains(address) else { return nil }
        return IPAddress(family: address.family, bits: address.bits ^ from.address.bits ^ to.address.bits)
    }

    private enum CodingKeys: String, CodingKey { case network, visible }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let network = try container.decode(IPPrefix.self, forKey: .network)
        guard let read = Self(network: network, visible: try container.decode(IPPrefix.self, forKey: .visible)) else {
            throw DecodingError.dataCorruptedError(
                forKey: .visible, in: container, debugDescription: "not of the same size as the network")
        }
        self = read
    }
}

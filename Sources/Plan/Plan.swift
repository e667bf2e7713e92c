import WarrenModel

/// Everything derived from one inventory. Deterministic: the same inventory and indexes give the same value and bytes.
public struct Plan: Sendable, Hashable, Codable {
    public var mesh: String
    /// In byte order of the sites' names.
    public var gateways: [GatewayPlan]

    public init(mesh: String, gateways: [GatewayPlan]) {
        self.mesh = mesh
        self.gateways = gateways
    }

    public subscript(site: SiteName) -> GatewayPlan? { gateways.first { $0.site == site } }

    /// Every link, once, in order.
    public var links: [LinkID] {
        gateways.flatMap { gateway in
            gateway.tunnels.compactMap { gateway.site < $0.peer ? LinkID(gateway.site, $0.peer) : nil }
        }.sorted()
    }
}

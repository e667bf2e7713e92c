import WarrenModel

/// How much a plan holds, for one that nobody would read whole.
public struct PlanSummary: Sendable, Hashable, Codable {
    public var mesh: String
    public var gateways = 0
    public var links = 0
    public var routes = 0
    public var policies = 0
    public var firewallRules = 0
    /// The gateway with the most tunnels, the first in byte order of such, and how many it has.
    public var busiest: SiteName?
    public var mostTunnels = 0

    /// Of a plan's gateways, each once.
    public init(mesh: String, gateways: some Sequence<GatewayPlan>) {
        self.mesh = mesh
        var ends = 0
        for gateway in gateways {
            self.gateways += 1
            ends += gateway.tunnels.count
            routes += gateway.routes.count
            policies += gateway.policies.count
            firewallRules += gateway.firewall.count
            if busiest == nil || gateway.tunnels.count > mostTunnels {
                busiest = gateway.site
                mostTunnels = gateway.tunnels.count
            }
        }
        links = ends / 2
    }

    public init(_ plan: Plan) { self.init(mesh: plan.mesh, gateways: plan.gateways) }

    /// Without ever holding more than one gateway's plan.
    public init(_ mesh: MeshDerivation) { self.init(mesh: mesh.mesh, gateways: mesh) }
}

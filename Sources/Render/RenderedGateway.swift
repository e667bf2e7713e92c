import WarrenModel
import WarrenPlan

/// A gateway's plan, gathered by link and checked: what every writer may rely on.
struct RenderedGateway {
    let plan: GatewayPlan
    let target: RenderTarget
    /// In the plan's order.
    let links: [RenderedLink]
    private let mesh: String

    init(
        _ plan: GatewayPlan, mesh: String, target: RenderTarget, key: (PSKReference) -> PreSharedKey
    ) throws(RenderError) {
        self.plan = plan
        self.target = target
        self.mesh = String(mesh.unicodeScalars.map { $0.isASCII && (32...126).contains($0.value) ? Character($0) : "?" })
        guard plan.awaiting.isEmpty else {
            let sites = Set(plan.awaiting.map(\.site)).sorted().map(\.description).joined(separator: ", ")
            throw RenderError(.awaiting, "\(plan.site): the public address of \(sites) is not known")
        }
        let policies = Dictionary(grouping: plan.policies, by: \.peer)
        let routes = Dictionary(grouping: plan.routes, by: \.interface)
        let ike = Dictionary(plan.ike.map { ($0.peer, $0) }) { first, _ in first }
        var links: [RenderedLink] = []
        for tunnel in plan.tunnels {
            guard let peer = ike[tunnel.peer] else {
                throw RenderError(.inconsistent, "\(plan.site): the tunnel to \(tunnel.peer) has no IKE peer")
            }
            links.append(
                try RenderedLink(
                    tunnel: tunnel, ike: peer, policies: policies[tunnel.peer] ?? [],
                    routes: routes[tunnel.interface] ?? [], key: key(peer.key)))
        }
        guard !links.isEmpty else { throw RenderError(.inconsistent, "\(plan.site) has no link: there is nothing to write") }
        guard links.map(\.routes.count).reduce(0, +) == plan.routes.count else {
            throw RenderError(.inconsistent, "\(plan.site): a route leads into no tunnel")
        }
        self.links = links
    }

    /// Whether the gateway forwards packets of the family.
    func carries(_ family: AddressFamily) -> Bool {
        links.contains { $0.families.contains(family) }
    }

    /// The first lines of a file: whose it is, then where it goes and what is to be known.
    func heading(_ lines: String...) -> [String] {
        (["Gateway \(plan.site) of mesh \(mesh), for \(target.title). Written by warren render."] + lines)
            .map { $0.isEmpty ? "#" : "# \($0)" }
    }
}

/// All of one link on the gateway.
struct RenderedLink {
    let tunnel: GIFTunnel
    /// The number in the interface's name: the peer's index.
    let number: Int
    let ike: IKEPeer
    let policies: [SecurityPolicy]
    let routes: [Route]
    let key: PreSharedKey

    init(
        tunnel: GIFTunnel, ike: IKEPeer, policies: [SecurityPolicy], routes: [Route], key: PreSharedKey
    ) throws(RenderError) {
        guard tunnel.interface.hasPrefix("gif"), let number = Int(tunnel.interface.dropFirst(3)), number >= 0,
            number <= Self.greatestNumber, tunnel.interface == "gif\(number)"
        else {
            throw RenderError(.syntax, "an interface is named gif and a number up to \(Self.greatestNumber)")
        }
        guard ike.outer == tunnel.outer, tunnel.outer.local.family == tunnel.outer.remote.family, !ike.selectors.isEmpty,
            !policies.isEmpty, tunnel.inner.local.family == tunnel.inner.remote.family
        else {
            throw RenderError(.inconsistent, "the parts of the link to \(tunnel.peer) do not fit together")
        }
        guard key.secret.count > 0 else { throw RenderError(.inconsistent, "the key of the link to \(tunnel.peer) is empty") }
        self.tunnel = tunnel
        self.number = number
        self.ike = ike
        self.policies = policies
        self.routes = routes
        self.key = key
    }

    /// More sites than any mesh has, and small enough that every number made of it fits its place.
    private static let greatestNumber = 999_999

    var peer: SiteName { tunnel.peer }
    /// What the tunnel carries.
    var families: Set<AddressFamily> {
        Set(
            AddressFamily.allCases.filter { family in
                ike.selectors.contains { $0.ipProtocol == family.encapsulationProtocol }
            })
    }
    /// Ties policies to the SAs that satisfy them, on Linux; apart from the small numbers that charon gives out itself.
    var requestID: Int { 1_000_000 + number }

    /// `0x` and the digits: what racoon and swanctl take as bytes.
    var hexadecimalKey: String {
        "0x"
            + key.secret.withBytes { bytes in
                bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            }
    }
}

import WarrenModel

/// One way that the link of a `DaemonPair` may run.
struct LinkWay: Sendable {
    var mode = IPsecMode.tunnel
    var encapsulation = ESPEncapsulation.auto
    var ike = IKEProposal("aes256gcm16-prfsha384-x25519")!
    var child = ESPProposal("aes256gcm16")!
    var epoch: UInt32 = 1
    var mtu = 1400
    /// Which of its two outer addresses each gateway uses.
    var hosts = [0, 0]
}

/// What each gateway is configured with at each step from one way to another.
struct LinkSteps: Sendable {
    enum Step: CaseIterable { case expand, `switch`, contract }

    let old: LinkWay
    let new: LinkWay

    func ways(at step: Step) -> (preferred: LinkWay, alternatives: [LinkWay]) {
        switch step {
        case .expand: (old, [new])
        case .switch: (new, [old])
        case .contract: (new, [])
        }
    }

    static let sites = [SiteName("alpha")!, SiteName("beta")!]
    static let link = LinkID(sites[0], sites[1])!
    /// By gateway.
    static let outers = [
        [IPAddress("10.99.0.1")!, IPAddress("10.99.0.11")!], [IPAddress("10.99.0.2")!, IPAddress("10.99.0.12")!],
    ]
    static let inners = [IPAddress("192.168.1.1")!, IPAddress("192.168.2.1")!]

    static func key(epoch: UInt32) -> PreSharedKey {
        PreSharedKey(SecretBytes([UInt8](repeating: UInt8(truncatingIfNeeded: epoch), count: 32)))
    }
}

/// The configuration of one gateway, as a plan has it.
struct GatewaySettings {
    let tunnel: GIFTunnel
    let peer: IKEPeer
    /// One for each selector and direction: its mode is the preferred one.
    let policies: [SecurityPolicy]

    init(_ index: Int, _ preferred: LinkWay, _ alternatives: [LinkWay]) {
        let site = LinkSteps.sites[1 - index]
        func alternative(_ way: LinkWay) -> IKEAlternative {
            let outer = AddressPair(
                local: LinkSteps.outers[index][way.hosts[index]], remote: LinkSteps.outers[1 - index][way.hosts[1 - index]])
            return IKEAlternative(
                outer: outer,
                parameters: IPsecParameters(
                    mode: way.mode, encapsulation: way.encapsulation, ike: IKEParameters(proposals: [way.ike]),
                    child: ChildSAParameters(proposals: [way.child])),
                selectors: [
                    .init(source: .init(host: outer.local), destination: .init(host: outer.remote), ipProtocol: .ipencap)
                ],
                key: PSKReference(link: LinkSteps.link, epoch: way.epoch))
        }
        let first = alternative(preferred), others = alternatives.map(alternative)
        peer = IKEPeer(
            peer: site, outer: first.outer, initiator: index == 0, parameters: first.parameters, selectors: first.selectors,
            key: first.key, alternatives: others)
        tunnel = GIFTunnel(
            peer: site, interface: "gif0", outer: first.outer,
            inner: .init(local: LinkSteps.inners[index], remote: LinkSteps.inners[1 - index]), mtu: preferred.mtu,
            mode: preferred.mode)
        var policies: [SecurityPolicy] = []
        for selector in ([first] + others).flatMap(\.selectors) {
            let pair = [
                SecurityPolicy(peer: site, direction: .outbound, selector: selector, mode: preferred.mode),
                SecurityPolicy(peer: site, direction: .inbound, selector: selector.reversed, mode: preferred.mode),
            ]
            policies += pair.filter { !policies.contains($0) }
        }
        self.policies = policies
    }
}

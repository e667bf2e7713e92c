import IKEv2
import WarrenModel

/// A change of one link, as both of its gateways are led through it.
struct LinkChange {
    enum Kind: CaseIterable {
        case key, mode, encapsulation, ikeProposals, childProposals, address, bothAddresses, selectors, everything
    }
    enum Step: CaseIterable { case before, expand, `switch`, contract }

    /// One way that the link may run.
    struct Way: Equatable {
        var parameters = IPsecParameters()
        var epoch: UInt32 = 1
        var hosts = [0, 0]
        var protocols: [IPProtocol] = [.ipencap, .ipv6]
    }

    let kind: Kind
    let old = Way()
    var new = Way()
    /// The old key is known to a stranger.
    var isKeyLost = false

    static let keys: [UInt32: PreSharedKey] = [
        1: Simulation.key, 2: PreSharedKey(SecretBytes(Array(repeating: 9, count: 32))),
    ]

    init(_ kind: Kind) {
        self.kind = kind
        let all = kind == .everything
        if all || kind == .key { new.epoch = 2 }
        if all || kind == .mode { new.parameters.mode = .transport }
        if all || kind == .encapsulation { new.parameters.encapsulation = .esp }
        if all || kind == .ikeProposals { new.parameters.ike.proposals = [IKEProposal("aes128gcm16-prfsha256-ecp256")!] }
        if all || kind == .childProposals { new.parameters.child.proposals = [ESPProposal("aes128gcm16-x25519")!] }
        if all || kind == .address { new.hosts = [0, 1] }
        if kind == .bothAddresses { new.hosts = [1, 1] }
        if all || kind == .selectors { new.protocols = [.ipencap] }
    }

    func peer(of index: Int, at step: Step) -> IKEPeer {
        switch step {
        case .before: peer(of: index, old, alternatives: [])
        case .expand: peer(of: index, old, alternatives: [new])
        case .switch: peer(of: index, new, alternatives: [old])
        case .contract: peer(of: index, new, alternatives: [], keyFloor: isKeyLost ? new.epoch : nil)
        }
    }

    private func peer(of index: Int, _ way: Way, alternatives: [Way], keyFloor: UInt32? = nil) -> IKEPeer {
        let names = [Simulation.berlin, Simulation.tokyo]
        func alternative(_ way: Way) -> IKEAlternative {
            let own = Simulation.addresses[index][way.hosts[index]]
            let other = Simulation.addresses[1 - index][way.hosts[1 - index]]
            return IKEAlternative(
                outer: AddressPair(local: own, remote: other), parameters: way.parameters,
                selectors: way.protocols.map {
                    TrafficSelector(source: IPPrefix(host: own), destination: IPPrefix(host: other), ipProtocol: $0)
                }, key: PSKReference(link: LinkID(names[0], names[1])!, epoch: way.epoch))
        }
        let preferred = alternative(way)
        return IKEPeer(
            peer: names[1 - index], outer: preferred.outer, initiator: index == 0, parameters: preferred.parameters,
            selectors: preferred.selectors, key: preferred.key, alternatives: alternatives.map(alternative),
            keyFloor: keyFloor)
    }
}

extension Simulation {
    /// Leads one end to a step of a change.
    mutating func lead(_ index: Int, to step: LinkChange.Step, of change: LinkChange) {
        let peer = change.peer(of: index, at: step)
        var keys: [PSKReference: PreSharedKey] = [:]
        for reference in peer.acceptedKeys { keys[reference] = LinkChange.keys[reference.epoch] }
        act(index) { $0.setPeer(peer, keys: keys, now: $1, random: &$2) }
    }

    /// The process of one end is gone without a word, and another is there that knows nothing.
    mutating func forgetAll(_ index: Int) {
        gateways[index].engine = IKEEngine()
        gateways[index].associations.forgetAll()
    }

    /// Time passes while packets flow from the given ends, one every 20 ms.
    mutating func flow(_ milliseconds: Int, from senders: [Int] = [0, 1]) {
        for _ in 0..<max(milliseconds / 20, 0) {
            for index in senders { sendPacket(from: index) }
            run(for: .milliseconds(20))
        }
    }
}

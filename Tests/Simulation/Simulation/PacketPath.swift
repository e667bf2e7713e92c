import ESP
import IKEHarness
import IKEv2
import TunnelCore
import WarrenModel

/// What packets of one gateway meet in its tunnel daemon: policies and SAs, as the real packet path looks them up, without its
/// ciphers.
struct PacketPath {
    private(set) var policies = SecurityPolicyDatabase()
    private var tables: [SiteName: AssociationTable] = [:]
    /// When a lack of an SA, or a packet that nobody has an SA for, was told of last: once a second each.
    private var told: [Told: UInt64] = [:]

    enum Told: Hashable {
        case acquire(SiteName)
        case stray(IPAddress)
    }

    mutating func add(_ policy: SecurityPolicy) { policies.add(policy) }
    mutating func remove(_ policy: SecurityPolicy) { policies.remove(policy) }

    /// Does what the daemon wants of policies and SAs. The peer whose packets may now fare otherwise, and what is wrong with it.
    mutating func take(_ output: DaemonOutput) -> (peer: SiteName, fault: String?)? {
        switch output {
        case .ike(let output):
            guard let peer = output.associationPeer else { return nil }
            tables[peer, default: AssociationTable()].take(output)
            return (peer, tables[peer]?.faults.first)
        case .setModes(let modes, let peer):
            policies.setModes(modes, peer: peer)
            return (peer, nil)
        case .removeAll(let peer):
            policies.setModes(nil, peer: peer)
            tables[peer] = nil
            return (peer, nil)
        }
    }

    /// The SA that packets of the tunnel are sealed under; nil when there is none.
    func carrier(_ tunnel: GIFTunnel) -> SecurityAssociation? {
        policies.carrier(among: tables[tunnel.peer]?.outbound ?? [], of: tunnel.encapsulation) { $0 }
    }

    /// Packets of the tunnel are dropped for want of an SA alone.
    func lacksAssociation(_ tunnel: GIFTunnel) -> Bool {
        policies.policy(
            .outbound, source: tunnel.outer.local, destination: tunnel.outer.remote, ipProtocol: tunnel.encapsulation)?
            .peer == tunnel.peer
    }

    /// The peer and the SA that a packet which was sealed under `sent` is opened with; nil when nobody has its SPI.
    func opener(of sent: SecurityAssociation) -> SecurityAssociation? {
        tables.values.lazy.compactMap { $0.opener(of: sent) }.first
    }

    /// Whether a packet that came under this SA may pass.
    func admits(_ opened: SecurityAssociation, _ ipProtocol: IPProtocol) -> Bool {
        policies.refusal(
            source: opened.remote.address, destination: opened.local.address, ipProtocol: ipProtocol,
            securityAssociation: opened) == nil
    }

    /// A packet was opened: whether it is the first under this SA.
    mutating func received(_ opened: SecurityAssociation) -> Bool {
        tables[opened.peer]?.receivePacket(opened.spi) ?? false
    }

    mutating func mayTell(_ what: Told, _ now: UInt64) -> Bool {
        if let last = told[what], now - last < second { return false }
        told[what] = now
        return true
    }

    var counters: [AssociationCounters] {
        tables.flatMap { peer, table in
            table.received.map { AssociationCounters(peer: peer, direction: .inbound, spi: $0.key, packets: $0.value) }
        }
    }
}

extension GIFTunnel {
    /// The number of IP in IP for its packets.
    var encapsulation: IPProtocol { inner.local.family.encapsulationProtocol }
}

extension IKEOutput {
    /// The peer whose SAs it changes.
    fileprivate var associationPeer: SiteName? {
        switch self {
        case .addInbound(let association, _), .addOutbound(let association, _): association.peer
        case .remove(_, _, let peer): peer
        case .send, .sendKeepalive, .redirect, .event: nil
        }
    }
}

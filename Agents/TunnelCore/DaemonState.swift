import ESP
import IKEv2
import WarrenModel

/// What `warren-tunneld` has beside packets and sockets: the IKE engine, its peers, and which SAs the packet path holds.
///
/// Like the engine, it is given time and randomness, and what shall be done is collected for `takeOutputs`. The daemon does
/// that in the kernel, and the simulated mesh in its own world.
public struct DaemonState: Sendable {
    private var engine: IKEEngine
    private var configured: [SiteName: IKEPeer] = [:]
    private var contactBook = ContactBook()
    /// The modes that the packet path takes of each peer's SAs.
    private var modes: [SiteName: Set<IPsecMode>] = [:]
    /// The SAs that stand in the packet path, without their keys.
    private var associations: [AssociationKey: AssociationRecord] = [:]
    /// Packets that each inbound SA had authenticated when it was last looked at.
    private var packetsSeen: [AssociationKey: UInt64] = [:]
    private var lastTrafficLook = MonotonicTime(nanoseconds: 0)
    private var outputs: [DaemonOutput] = []

    /// `queues`: how many the packet path has, each with SAs of its own.
    public init(queues: Int = 1) {
        var configuration = IKEConfiguration()
        configuration.queues = queues
        engine = IKEEngine(configuration: configuration)
    }

    /// A peer was to be configured without one of the keys that it accepts.
    public struct MissingKey: Error, Equatable, CustomStringConvertible {
        public let reference: PSKReference
        public var description: String { "no key for \(reference)" }
    }

    // MARK: What the agent asks for

    /// Configures a peer, or configures it anew; `keys` holds each of its `acceptedKeys`.
    public mutating func set(
        _ peer: IKEPeer, keys: [PSKReference: PreSharedKey], now: MonotonicTime, random: inout some RandomNumberGenerator
    ) throws(MissingKey) {
        if let missing = peer.acceptedKeys.first(where: { keys[$0] == nil }) { throw MissingKey(reference: missing) }
        configured[peer.peer] = peer
        contactBook.set(peer)
        // The packet path knows the modes before the first SA of one of them stands.
        renewModes(of: peer.peer)
        engine.setPeer(peer, keys: keys, now: now, random: &random)
        collect(now)
    }

    /// Forgets a peer and whatever there is of it.
    public mutating func remove(peer site: SiteName, now: MonotonicTime, random: inout some RandomNumberGenerator) {
        configured[site] = nil
        contactBook.remove(site)
        modes[site] = nil
        engine.removePeer(site, now: now, random: &random)
        collect(now)
        outputs.append(.removeAll(peer: site))
        associations = associations.filter { $0.key.peer != site }
        packetsSeen = packetsSeen.filter { $0.key.peer != site }
    }

    /// Replaces the child SA or the IKE SA of a peer now; false when it is not configured.
    public mutating func rekey(
        _ site: SiteName, _ target: IKEEngine.RekeyTarget, now: MonotonicTime, random: inout some RandomNumberGenerator
    ) -> Bool {
        guard configured[site] != nil else { return false }
        engine.rekey(peer: site, target, now: now, random: &random)
        collect(now)
        return true
    }

    /// Deletes every SA at its peer: for the end of the process.
    public mutating func deleteAll(now: MonotonicTime, random: inout some RandomNumberGenerator) {
        engine.deleteAll(now: now, random: &random)
        collect(now)
    }

    // MARK: What comes from the network, from the packet path and with time

    /// The addresses that peers know this gateway by.
    public var publicAddresses: Set<IPAddress> { Set(configured.values.lazy.flatMap(\.ways).map(\.outer.local)) }

    /// Those of them, and of what is about to be configured, that are a NAT's before the gateway.
    public private(set) var natAddresses: Set<IPAddress> = []

    public mutating func setNATAddresses(
        _ addresses: Set<IPAddress>, now: MonotonicTime, random: inout some RandomNumberGenerator
    ) {
        natAddresses = addresses
        engine.setNATAddresses(addresses, now: now, random: &random)
        collect(now)
    }

    public mutating func receive(
        _ datagram: IKEDatagram, now: MonotonicTime, random: inout some RandomNumberGenerator
    ) {
        contactBook.received(datagram, now: now)
        engine.receive(datagram, now: now, random: &random)
        collect(now)
    }

    /// A datagram went out. `fault`: why the kernel did not send it; nil when it did.
    public mutating func sent(_ datagram: IKEDatagram, fault: String?, now: MonotonicTime) {
        contactBook.sent(datagram, fault: fault, now: now)
    }

    /// When `runTimers` has something to do; nil when only input can cause any.
    public var nextTimeout: MonotonicTime? { engine.nextTimeout }

    /// Does what is due. `counters` reads the packet path's SAs: a peer whose traffic flows needs no liveness check, so they
    /// are looked at before the engine decides; but not at every timer of every peer, for a look stops the packets for a
    /// moment.
    public mutating func runTimers(
        now: MonotonicTime, random: inout some RandomNumberGenerator, counters: () -> [AssociationCounters]
    ) {
        guard let next = engine.nextTimeout, next <= now else { return }
        if now.since(lastTrafficLook) >= .seconds(1) {
            lastTrafficLook = now
            noteProtectedTraffic(counters(), now: now)
        }
        engine.handleTimeout(now: now, random: &random)
        collect(now)
    }

    /// Tells the engine whose authentic packets have come since the last look.
    private mutating func noteProtectedTraffic(_ counters: [AssociationCounters], now: MonotonicTime) {
        var alive: Set<SiteName> = []
        for counters in counters where counters.direction == .inbound {
            let key = AssociationKey(counters)
            guard associations[key] != nil, counters.packets > packetsSeen[key, default: 0] else { continue }
            packetsSeen[key] = counters.packets
            alive.insert(counters.peer)
        }
        for peer in alive { engine.protectedTrafficSeen(peer: peer, now: now) }
    }

    /// A packet for the peer found no outbound SA.
    public mutating func outboundNeeded(
        peer: SiteName, now: MonotonicTime, random: inout some RandomNumberGenerator
    ) {
        engine.outboundNeeded(peer: peer, now: now, random: &random)
        collect(now)
    }

    /// An SA reached a limit of its lifetime that the packet path counts.
    public mutating func limitReached(
        spi: SPI, peer: SiteName, now: MonotonicTime, random: inout some RandomNumberGenerator
    ) {
        engine.softLimitReached(spi: spi, peer: peer, now: now, random: &random)
        collect(now)
    }

    /// The first packet of an inbound SA was authenticated.
    public mutating func firstPacketReceived(inbound spi: SPI, peer: SiteName, now: MonotonicTime) {
        engine.firstPacketReceived(inbound: spi, peer: peer, now: now)
        engine.protectedTrafficSeen(peer: peer, now: now)
        collect(now)
    }

    /// A packet with an SPI that nobody has came; it is not authentic.
    public mutating func strayPacketSeen(
        _ spi: SPI, local: Endpoint, remote: Endpoint, now: MonotonicTime, random: inout some RandomNumberGenerator
    ) {
        engine.unknownSPISeen(spi, local: local, remote: remote, now: now, random: &random)
        collect(now)
    }

    /// Authentic packets of the peer come from elsewhere. A NAT before it may change its port; its addresses are what the plan
    /// says, so packets from another are answered where the plan says all the same: false.
    public mutating func remoteMoved(_ peer: SiteName, to remote: Endpoint, now: MonotonicTime) -> Bool {
        let outers = configured[peer]?.ways.map(\.outer) ?? []
        guard outers.contains(where: { $0.remote == remote.address }) else { return false }
        outputs.append(.ike(.redirect(peer: peer, remote: remote)))
        engine.peerMoved(peer, to: remote)
        collect(now)
        return true
    }

    // MARK: What comes of it

    /// What has accumulated since the last call, in the order in which it must be done.
    public mutating func takeOutputs() -> [DaemonOutput] {
        defer { outputs = [] }
        return outputs
    }

    /// Takes what the engine wants, and keeps account of the SAs that come and go with it.
    private mutating func collect(_ now: MonotonicTime) {
        for output in engine.takeOutputs() {
            outputs.append(.ike(output))
            switch output {
            case .addInbound(let association, let lifetime), .addOutbound(let association, let lifetime):
                associations[AssociationKey(association)] = AssociationRecord(association, lifetime, now: now)
            case .remove(let spi, let direction, let peer):
                let key = AssociationKey(peer: peer, direction: direction, spi: spi)
                associations[key] = nil
                packetsSeen[key] = nil
                if let accepted = modes[peer], accepted.count > 1 { renewModes(of: peer) }
            case .send, .sendKeepalive, .redirect, .event: break
            }
        }
    }

    /// The modes that are configured, and those of SAs made when others were: these go when what replaces them carries.
    private mutating func renewModes(of site: SiteName) {
        guard let peer = configured[site] else { return }
        var accepted = Set(peer.ways.map(\.parameters.mode))
        if let old = modes[site], !old.isSubset(of: accepted) {
            for (key, record) in associations where key.peer == site { accepted.insert(record.mode) }
        }
        guard modes[site] != accepted else { return }
        modes[site] = accepted
        outputs.append(.setModes(accepted, peer: site))
    }

    // MARK: What is told

    /// The configured peers, by name.
    public var peers: [IKEPeer] { configured.values.sorted { $0.peer < $1.peer } }

    public func ikeReports(now: MonotonicTime) -> [IKEReport] { engine.reports(now: now) }

    /// The SAs that stand, with what the packet path counted of them, by peer, direction and SPI.
    public func associationReports(_ counters: [AssociationCounters], now: MonotonicTime) -> [SAReport] {
        var counted: [AssociationKey: AssociationCounters] = [:]
        for counter in counters { counted[AssociationKey(counter)] = counter }
        let reports = associations.map { key, record in
            record.report(key, packets: counted[key]?.packets ?? 0, bytes: counted[key]?.bytes ?? 0, now: now)
        }
        return reports.sorted { ($0.peer, $0.direction.rawValue, $0.spi) < ($1.peer, $1.direction.rawValue, $1.spi) }
    }

    public func contacts(now: MonotonicTime) -> [PeerContact] { contactBook.contacts(now: now) }
}

/// What the daemon shall do, in this order.
public enum DaemonOutput: Sendable, Equatable {
    case ike(IKEOutput)
    /// The packet path takes SAs of these modes from the peer, whatever its policies name.
    case setModes(Set<IPsecMode>, peer: SiteName)
    /// The packet path forgets whatever it has of the peer.
    case removeAll(peer: SiteName)
}

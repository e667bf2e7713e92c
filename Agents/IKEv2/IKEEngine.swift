import ESP
import WarrenModel

/// The IKEv2 daemon of one gateway (RFC 7296): every IKE SA that it has, and nothing that touches the world.
///
/// Time and randomness come in with each call; what shall happen is collected and handed out by `takeOutputs`. The shell
/// calls `handleTimeout` when `nextTimeout` has come, and delivers every datagram of UDP 500 and 4500 that is not ESP.
public struct IKEEngine: Sendable {
    public enum RekeyTarget: Sendable { case child, ike }

    var configuration: IKEConfiguration
    var peers: [SiteName: PeerState] = [:]
    /// By the SPI that we chose.
    var sessions = SessionTable()
    /// By every pair of addresses that a peer may have.
    var addresses = AddressTable()
    /// Inbound SPIs in use, offered, or not yet forgotten.
    var reservedSPIs: Set<SPI> = []
    var departing: [DepartingSA] = []
    /// Public addresses of this gateway that a NAT before it has.
    var natAddresses: Set<IPAddress> = []
    var cookies = CookieJar()
    var outputs: [IKEOutput] = []

    public init(configuration: IKEConfiguration = IKEConfiguration()) { self.configuration = configuration }

    /// Configures a peer; `keys` holds each of its `acceptedKeys`, without which nothing changes. Repeating it with equal
    /// values does nothing. SAs that are as the peer now shall be, or that are accepted and were not asked for otherwise,
    /// stay; others stay until new ones carry their packets.
    public mutating func setPeer(
        _ peer: IKEPeer, keys: [PSKReference: PreSharedKey], now: MonotonicTime, random: inout some RandomNumberGenerator
    ) {
        configure(peer, keys: keys, now: now, random: &random)
    }

    /// Forgets a peer: its SAs are deleted here and, by a Delete, there. Forgetting an unknown peer does nothing.
    public mutating func removePeer(_ site: SiteName, now: MonotonicTime, random: inout some RandomNumberGenerator) {
        forget(site, now: now)
    }

    /// Which of the addresses that peers know this gateway by are those of a NAT before it. Datagrams to them come to another, and
    /// what is sent from them leaves from what the kernel chooses. Best told before `setPeer`, for a peer's first message.
    public mutating func setNATAddresses(
        _ addresses: Set<IPAddress>, now: MonotonicTime, random: inout some RandomNumberGenerator
    ) {
        note(natAddresses: addresses, now: now, random: &random)
    }

    /// Takes one datagram. Whatever it holds, nothing traps, and nothing unauthenticated changes an established SA.
    public mutating func receive(_ datagram: IKEDatagram, now: MonotonicTime, random: inout some RandomNumberGenerator) {
        dispatch(datagram, now: now, random: &random)
    }

    /// Does what is due at `now`; calling it early or twice does no harm.
    public mutating func handleTimeout(now: MonotonicTime, random: inout some RandomNumberGenerator) {
        runTimers(now: now, random: &random)
    }

    /// When `handleTimeout` has work to do; nil when only input can cause any.
    public var nextTimeout: MonotonicTime? { earliestTimer }

    /// An authentic ESP packet came from the peer: it lives (RFC 7296, 2.4).
    public mutating func protectedTrafficSeen(peer: SiteName, now: MonotonicTime) { noteTraffic(peer: peer, now: now) }

    /// The first authentic packet arrived on an inbound SA: the peer has installed it, so we may send on its other half.
    public mutating func firstPacketReceived(inbound spi: SPI, peer: SiteName, now: MonotonicTime) {
        switchOutbound(afterTrafficOn: spi, peer: peer, now: now)
    }

    /// A packet for the peer found no outbound SA. Starts what is missing, unless that is under way.
    public mutating func outboundNeeded(peer: SiteName, now: MonotonicTime, random: inout some RandomNumberGenerator) {
        acquire(peer: peer, now: now, random: &random)
    }

    /// An ESP packet with an SPI that nobody has came from a peer's address: one of us may have restarted or lost an SA.
    /// With its SPI, the peer can be told that it sends to nobody, should an IKE SA stand.
    public mutating func unknownSPISeen(
        _ spi: SPI? = nil, local: Endpoint, remote: Endpoint, now: MonotonicTime, random: inout some RandomNumberGenerator
    ) {
        let local = publicAddress(for: local.address, remote: remote.address)
        contactWithoutState(spi, local: local, remote: remote.address, now: now, random: &random)
    }

    /// Authentic ESP packets of the peer now come from another port of its address: a NAT before it has moved it.
    public mutating func peerMoved(_ peer: SiteName, to remote: Endpoint) {
        for (spi, session) in sessions.of(peer) {
            guard case .established(var sa) = session, sa.follow(to: remote) else { continue }
            sessions[spi] = .established(sa)
        }
    }

    /// An SA of the peer, inbound or outbound, reached a soft limit: its child SA is rekeyed.
    public mutating func softLimitReached(
        spi: SPI, peer: SiteName, now: MonotonicTime, random: inout some RandomNumberGenerator
    ) {
        rekeyChild(of: peer, spi: spi, now: now, random: &random)
    }

    /// Replaces the child SA or the IKE SA of the peer now; without one, does what `outboundNeeded` does.
    public mutating func rekey(
        peer: SiteName, _ target: RekeyTarget, now: MonotonicTime, random: inout some RandomNumberGenerator
    ) {
        rekeyNow(peer: peer, target, now: now, random: &random)
    }

    /// Forgets all peers and sends each a Delete, once: for the end of the process.
    public mutating func deleteAll(now: MonotonicTime, random: inout some RandomNumberGenerator) {
        for site in peers.keys.sorted() { forget(site, now: now) }
    }

    /// What has accumulated since the last call, in the order in which it must be done.
    public mutating func takeOutputs() -> [IKEOutput] {
        defer { outputs = [] }
        return outputs
    }

    /// The account of every configured peer, by name.
    public func reports(now: MonotonicTime) -> [IKEReport] { peers.keys.sorted().map { report(of: $0, now: now) } }
}

import AgentCore
import ESP
import IKEv2
import SeededRandom
import TunnelCore
import WarrenModel
import WarrenPlan

/// Links as the tunnel daemons' own code makes them: each gateway has a `DaemonState` with its IKE engine, whose datagrams
/// cross a network that loses, delays, reorders, repeats and is cut. Packets are the agents' probes; they meet policies and SAs
/// as the real ones do.
final class EngineLinks: LinkLayer {
    private unowned var simulation: Simulation!
    private var hosts: [Host] = []
    private var pairs: [LinkPair?] = []
    /// What the network does.
    private var network = SeededNumbers(seed: 0)

    private final class Host {
        var daemon = DaemonState()
        var packets = PacketPath()
        /// The daemon's randomness.
        var random: SeededNumbers
        /// Grows with each daemon: what an earlier one had under way is void.
        var life = 0
        /// When the daemon's timers run next.
        var wake = UInt64.max
        var timers = (second: UInt64(0), count: 0)
        var probes: [Int: ProbeAccount] = [:]
        var isProbing = false

        init(_ random: SeededNumbers) { self.random = random }
    }

    private struct ProbeAccount {
        var sent: UInt64 = 0, answered: UInt64 = 0
        var last: (at: UInt64, roundTrip: UInt64)?
    }

    func prepare(_ simulation: Simulation) {
        self.simulation = simulation
        let seed = simulation.scenario.seed
        network = SeededNumbers(seed: seed, stream: 3)
        hosts = simulation.gateways.map { Host(SeededNumbers(seed: seed, stream: 10_000 + UInt64($0.number))) }
        pairs = Array(repeating: nil, count: hosts.count * hosts.count)
    }

    private func pair(_ a: Int, _ b: Int) -> LinkPair {
        let low = min(a, b), high = max(a, b)
        if let pair = pairs[low * hosts.count + high] { return pair }
        let pair = LinkPair(simulation.gateways[low], simulation.gateways[high])
        pairs[low * hosts.count + high] = pair
        return pair
    }

    func isCarrying(_ a: Int, _ b: Int) -> Bool { pair(a, b).isCarrying }

    // MARK: What happens to a gateway

    func performed(_ operation: Operation, _ gateway: Int, keys: [PSKReference: PreSharedKey]) {
        switch operation {
        case .setPeer(let peer): set(peer, gateway, keys)
        case .removePeer(let site): act(gateway) { $0.remove(peer: site, now: $1, random: &$2) }
        case .addPolicy(let policy):
            hosts[gateway].packets.add(policy)
            refresh(gateway, policy.peer)
        case .removePolicy(let policy):
            hosts[gateway].packets.remove(policy)
            refresh(gateway, policy.peer)
        case .setTunnel, .removeTunnel:
            changed(gateway)
            guard !hosts[gateway].isProbing else { return }
            hosts[gateway].isProbing = true
            probeRegularly(gateway)
        case .setFirewall, .setTranslations, .addUnreachable, .removeUnreachable, .addRoute, .removeRoute: break
        }
    }

    private func set(_ peer: IKEPeer, _ gateway: Int, _ keys: [PSKReference: PreSharedKey]) {
        let before = hosts[gateway].daemon.peers.first { $0.peer == peer.peer }
        act(gateway) { daemon, now, random in
            do { try daemon.set(peer, keys: keys, now: now, random: &random) } catch { simulation.fail("\(error)") }
        }
        guard let before, !before.alternatives.isEmpty, peer.alternatives.isEmpty,
            let other = simulation.numbers[peer.peer], pair(gateway, other).isCarrying
        else { return }
        let clock = simulation.gateways[gateway].clock(simulation.now)
        let report = hosts[gateway].daemon.ikeReports(now: clock).first { $0.peer == peer.peer }
        if report?.runsAsPreferred == false {
            simulation.rules.contracted(pair(gateway, other), by: simulation.gateways[gateway].site, simulation)
        }
    }

    func reset(_ gateway: Int) {
        hosts[gateway].daemon = DaemonState()
        hosts[gateway].packets = PacketPath()
        hosts[gateway].life += 1
        hosts[gateway].wake = .max
        changed(gateway)
    }

    func changed(_ gateway: Int) {
        for other in hosts.indices where other != gateway {
            if pairs[min(gateway, other) * hosts.count + max(gateway, other)] != nil { refresh(pair(gateway, other)) }
        }
        simulation.hasten(simulation.gateways[gateway])
    }

    func setBlocked(_ from: Int, _ to: Int, _ isBlocked: Bool) {
        let pair = pair(from, to)
        if from < to { pair.blocked.up += isBlocked ? 1 : -1 } else { pair.blocked.down += isBlocked ? 1 : -1 }
        refresh(pair)
    }

    // MARK: The daemon

    private func isRunning(_ gateway: Int) -> Bool {
        simulation.gateways[gateway].isOn && simulation.gateways[gateway].plane.isDaemonAlive
    }

    /// Lets the daemon do something, and does what it wants.
    private func act(_ gateway: Int, _ body: (inout DaemonState, MonotonicTime, inout SeededNumbers) -> Void) {
        let clock = simulation.gateways[gateway].clock(simulation.now)
        body(&hosts[gateway].daemon, clock, &hosts[gateway].random)
        var touched: [SiteName] = []
        for output in hosts[gateway].daemon.takeOutputs() {
            switch output {
            case .ike(.send(let datagram)): send(datagram, from: gateway, clock)
            case .ike(.event(let event)): simulation.note("\(simulation.gateways[gateway].site): IKE: \(event)")
            default:
                guard let (peer, fault) = hosts[gateway].packets.take(output) else { continue }
                if let fault { simulation.fail("\(simulation.gateways[gateway].site): \(fault)") }
                if !touched.contains(peer) { touched.append(peer) }
            }
        }
        for peer in touched { refresh(gateway, peer) }
        if !touched.isEmpty { simulation.hasten(simulation.gateways[gateway]) }
        scheduleTimers(gateway)
    }

    /// The daemon waits in whole milliseconds, rounded up, and never not at all.
    private func scheduleTimers(_ gateway: Int) {
        guard let next = hosts[gateway].daemon.nextTimeout else { return }
        let clock = simulation.gateways[gateway].clock(simulation.now)
        let wait = next > clock ? (next.nanoseconds - clock.nanoseconds) / millisecond + 1 : 1
        let time = simulation.now + wait * millisecond
        guard time < hosts[gateway].wake else { return }
        hosts[gateway].wake = time
        let life = hosts[gateway].life
        simulation.after(wait * millisecond, "IKE timers", gateway) { [self] in
            guard hosts[gateway].life == life, hosts[gateway].wake == time else { return }
            hosts[gateway].wake = .max
            countTimers(gateway)
            let counters = hosts[gateway].packets.counters
            act(gateway) { $0.runTimers(now: $1, random: &$2) { counters } }
        }
    }

    /// A daemon whose timers are always due does something in vain.
    private func countTimers(_ gateway: Int) {
        let second = simulation.now / second
        if hosts[gateway].timers.second != second { hosts[gateway].timers = (second, 0) }
        hosts[gateway].timers.count += 1
        if hosts[gateway].timers.count > 300 {
            simulation.fail("the daemon of \(simulation.gateways[gateway].site) never rests")
        }
    }

    // MARK: The network

    /// After how long each copy of a datagram arrives; none when it is lost.
    private func flights() -> [UInt64] {
        let loss = simulation.loss
        guard loss == 0 || !network.chance(loss) else { return [] }
        let isTwice = simulation.doubling > 0 || network.chance(5 + loss / 4)
        return (0..<(isTwice ? 2 : 1)).map { _ in
            let isLate = network.chance(5 + loss / 2)
            return UInt64(isLate ? network.number(40...900) : network.number(4...40)) * millisecond
        }
    }

    /// Whether what one host sends from its address to another's arrives.
    private func isOpen(_ from: Int, _ source: IPAddress, _ to: Int, _ destination: IPAddress) -> Bool {
        guard simulation.gateways[from].has(source), simulation.gateways[to].has(destination) else { return false }
        guard let blocked = pairs[min(from, to) * hosts.count + max(from, to)]?.blocked else { return true }
        return (from < to ? blocked.up : blocked.down) == 0
    }

    private func send(_ datagram: IKEDatagram, from gateway: Int, _ clock: MonotonicTime) {
        let source = datagram.local.address, destination = datagram.remote.address
        guard simulation.gateways[gateway].has(source) else {
            return hosts[gateway].daemon.sent(datagram, fault: "the address is gone", now: clock)
        }
        hosts[gateway].daemon.sent(datagram, fault: nil, now: clock)
        simulation.mix(datagram.bytes)
        let other = Mesh.number(of: destination)
        guard hosts.indices.contains(other), other != gateway, isOpen(gateway, source, other, destination) else { return }
        let flights = flights()
        if flights.isEmpty { pair(gateway, other).excusedUntil = simulation.now + 60 * second }
        for delay in flights {
            simulation.after(delay, "IKE arrives", other) { [self] in
                guard isRunning(other), isOpen(gateway, source, other, destination) else { return }
                let arrived = IKEDatagram(local: datagram.remote, remote: datagram.local, bytes: datagram.bytes)
                act(other) { $0.receive(arrived, now: $1, random: &$2) }
            }
        }
    }

    // MARK: Packets

    private func tunnel(_ gateway: Int, _ peer: SiteName) -> GIFTunnel? {
        let gateway = simulation.gateways[gateway]
        guard let tunnel = gateway.plane.tunnels[peer], gateway.plane.isAttached(tunnel.interface),
            !simulation.isHarmed(gateway, .linksDown)
        else { return nil }
        return tunnel
    }

    /// Whether a packet of the tunnel that was sealed so passes at the other end.
    private func isTaken(_ sealed: SecurityAssociation, _ gateway: Int) -> SecurityAssociation? {
        guard let opened = hosts[gateway].packets.opener(of: sealed), let tunnel = tunnel(gateway, opened.peer),
            hosts[gateway].packets.admits(opened, tunnel.encapsulation)
        else { return nil }
        return opened
    }

    private func passes(_ from: Int, _ to: Int) -> Bool {
        guard isRunning(from), isRunning(to), let tunnel = tunnel(from, simulation.gateways[to].site),
            let sealed = hosts[from].packets.carrier(tunnel),
            Mesh.number(of: sealed.remote.address) == to,
            isOpen(from, sealed.local.address, to, sealed.remote.address)
        else { return false }
        return isTaken(sealed, to)?.peer == simulation.gateways[from].site
    }

    private func refresh(_ gateway: Int, _ peer: SiteName) {
        if let other = simulation.numbers[peer] { refresh(pair(gateway, other)) }
    }

    private func refresh(_ pair: LinkPair) {
        let isCarrying = passes(pair.low, pair.high) && passes(pair.high, pair.low)
        guard isCarrying != pair.isCarrying else { return }
        pair.isCarrying = isCarrying
        pair.turned = simulation.now
        if isCarrying { pair.everCarried = true }
        simulation.linkTurned(pair)
    }

    /// Sends a packet into the tunnel to a peer; `arrived` is called for each copy that comes out of the other end.
    private func carry(_ from: Int, _ to: Int, _ arrived: @escaping () -> Void) {
        let peer = simulation.gateways[to].site
        guard isRunning(from), let tunnel = tunnel(from, peer) else { return }
        guard let sealed = hosts[from].packets.carrier(tunnel) else {
            if hosts[from].packets.lacksAssociation(tunnel), hosts[from].packets.mayTell(.acquire(peer), simulation.now) {
                act(from) { $0.outboundNeeded(peer: peer, now: $1, random: &$2) }
            }
            return
        }
        let source = sealed.local.address, destination = sealed.remote.address
        guard hosts.indices.contains(Mesh.number(of: destination)) else { return }
        let receiver = Mesh.number(of: destination)
        for delay in flights() {
            simulation.after(delay, "packet arrives", receiver) { [self] in
                guard isRunning(receiver), isOpen(from, source, receiver, destination) else { return }
                if receive(sealed, at: receiver), receiver == to { arrived() }
            }
        }
    }

    /// A packet that was sealed so comes: whether it leaves the tunnel.
    private func receive(_ sealed: SecurityAssociation, at gateway: Int) -> Bool {
        guard let opened = hosts[gateway].packets.opener(of: sealed) else {
            if hosts[gateway].packets.mayTell(.stray(sealed.local.address), simulation.now) {
                act(gateway) {
                    $0.strayPacketSeen(sealed.spi, local: sealed.remote, remote: sealed.local, now: $1, random: &$2)
                }
            }
            return false
        }
        if hosts[gateway].packets.received(opened) {
            act(gateway) { daemon, now, _ in daemon.firstPacketReceived(inbound: opened.spi, peer: opened.peer, now: now) }
        }
        return isTaken(sealed, gateway) != nil
    }

    /// The agent sends an echo request a second through each tunnel.
    private func probeRegularly(_ gateway: Int) {
        simulation.after(second, "probes", gateway) { [self] in
            let plane = simulation.gateways[gateway].plane
            if simulation.gateways[gateway].isAgentRunning {
                for peer in plane.tunnels.keys.sorted() {
                    if let other = simulation.numbers[peer] { probe(gateway, other) }
                }
            }
            probeRegularly(gateway)
        }
    }

    private func probe(_ from: Int, _ to: Int) {
        let sentAt = simulation.now
        hosts[from].probes[to, default: ProbeAccount()].sent += 1
        carry(from, to) { [self] in
            carry(to, from) { [self] in
                hosts[from].probes[to]?.answered += 1
                hosts[from].probes[to]?.last = (simulation.now, simulation.now - sentAt)
            }
        }
    }

    // MARK: Reports

    func fill(_ report: inout AgentReport, of gateway: Int) {
        let host = hosts[gateway], clock = simulation.gateways[gateway].clock(simulation.now)
        report.ike = host.daemon.ikeReports(now: clock)
        report.securityAssociations = host.daemon.associationReports(host.packets.counters, now: clock)
        report.probes = simulation.gateways[gateway].plane.tunnels.keys.sorted().compactMap { peer in
            guard let other = simulation.numbers[peer] else { return nil }
            let account = host.probes[other] ?? ProbeAccount()
            return ProbeReport(
                peer: peer, lastAnswerSecondsAgo: account.last.map { Double(simulation.now - $0.at) / 1e9 },
                roundTripMilliseconds: account.last.map { Double($0.roundTrip) / 1e6 }, sent: account.sent,
                answered: account.answered)
        }
    }

    /// Ages grow and probes go unanswered without anything that happens.
    func isSilent(_ gateway: Int) -> Bool { true }
}

extension Simulation {
    fileprivate func mix(_ bytes: [UInt8]) {
        var sum = UInt64(bytes.count)
        for byte in bytes { sum = (sum ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        mix(sum)
    }
}

import AgentCore
import WarrenModel
import WarrenPlan

/// Links as the IKE engine makes them, without its messages: one end asks for what it prefers, the other takes what it
/// accepts; SAs are made before those in their place are broken; those of a peer that is gone, or that fell silent, are given
/// up, and made again when it is back.
final class ModelLinks: LinkLayer {
    private typealias Way = LinkPair.Way
    private unowned var simulation: Simulation!
    private var pairs: [LinkPair?] = []
    private var width = 0
    /// By gateway, and by the gateway at the other end.
    private var peers: [[Configured?]] = []
    /// Those that there are, ascending.
    private var known: [[Int]] = []
    /// Whose tunnels they are, by gateway.
    private var interfaces: [[String: Int]] = []
    /// What reports say of each gateway's links, and whether nothing of it changed since.
    private var accounts: [(known: Account?, isCurrent: Bool)] = []
    /// The parts of those, likewise, by the gateway at the other end.
    private var parts: [(known: AccountPart?, isCurrent: Bool)] = []
    private var lastSPI: UInt32 = 4_096

    /// A peer as a daemon knows it.
    private final class Configured {
        let peer: IKEPeer
        /// With what `peer` names them by: a few at the most.
        let keys: [(reference: PSKReference, key: PreSharedKey)]
        private let isLow: Bool
        /// What is asked for, then what is taken, as the low end says it.
        private(set) lazy var ways: [Way] = peer.ways.map { Way(isLow ? $0 : $0.mirrored) }

        init(_ peer: IKEPeer, _ keys: [(reference: PSKReference, key: PreSharedKey)], isLow: Bool) {
            self.peer = peer
            self.keys = keys
            self.isLow = isLow
        }

        func key(_ reference: PSKReference) -> PreSharedKey? { keys.first { $0.reference == reference }?.key }
    }

    private final class Account {
        let parts: [AccountPart]
        let ike: [IKEReport]
        let associations: [SAReport]
        let probes: [ProbeReport]

        init(_ parts: [AccountPart]) {
            self.parts = parts
            ike = parts.map(\.ike)
            associations = parts.flatMap(\.associations)
            probes = parts.map(\.probe)
        }
    }

    /// What is said of one link.
    private final class AccountPart {
        let ike: IKEReport
        let associations: [SAReport]
        let probe: ProbeReport

        init(ike: IKEReport, associations: [SAReport], probe: ProbeReport) {
            self.ike = ike
            self.associations = associations
            self.probe = probe
        }

        func saysTheSame(as other: AccountPart) -> Bool {
            ike == other.ike && associations == other.associations && probe == other.probe
        }
    }

    func prepare(_ simulation: Simulation) {
        self.simulation = simulation
        width = simulation.gateways.count
        pairs = Array(repeating: nil, count: width * width)
        peers = Array(repeating: Array(repeating: nil, count: width), count: width)
        known = Array(repeating: [], count: width)
        parts = Array(repeating: (nil, false), count: width * width)
        interfaces = Array(repeating: [:], count: width)
        accounts = Array(repeating: (nil, false), count: width)
    }

    private func pair(_ a: Int, _ b: Int) -> LinkPair {
        let low = min(a, b), high = max(a, b)
        if let pair = pairs[low * width + high] { return pair }
        let pair = LinkPair(simulation.gateways[low], simulation.gateways[high])
        pairs[low * width + high] = pair
        return pair
    }

    func isCarrying(_ a: Int, _ b: Int) -> Bool { pairs[min(a, b) * width + max(a, b)]?.isCarrying ?? false }

    private func number(_ site: SiteName) -> Int? { simulation.numbers[site] }

    func performed(_ operation: Operation, _ gateway: Int, keys: [PSKReference: PreSharedKey]) {
        switch operation {
        case .setPeer(let peer):
            guard let other = number(peer.peer) else { return }
            let own = peer.acceptedKeys.compactMap { reference in keys[reference].map { (reference: reference, key: $0) } }
            if let old = peers[gateway][other], old.peer == peer, old.keys.elementsEqual(own, by: ==) { return }
            if peers[gateway][other] == nil {
                known[gateway].insert(other, at: known[gateway].firstIndex { $0 > other } ?? known[gateway].count)
            }
            peers[gateway][other] = Configured(peer, own, isLow: gateway < other)
            changed(accountOf: gateway, other)
            pair(gateway, other).asker = gateway
            attemptSoon(pair(gateway, other))
        case .removePeer(let site):
            guard let other = number(site) else { return }
            forget(other, at: gateway)
        case .setTunnel(let tunnel):
            guard let other = number(tunnel.peer) else { return }
            let former = interfaces[gateway].updateValue(other, forKey: tunnel.interface)
            if let former, former != other { update(pair(gateway, former)) }
            update(pair(gateway, other))
        case .removeTunnel(let interface):
            if let other = interfaces[gateway].removeValue(forKey: interface) { update(pair(gateway, other)) }
        case .addPolicy(let policy), .removePolicy(let policy): number(policy.peer).map { update(pair(gateway, $0)) }
        default: break
        }
    }

    /// A Delete tells the other end, if it arrives.
    private func forget(_ other: Int, at gateway: Int) {
        peers[gateway][other] = nil
        known[gateway].removeAll { $0 == other }
        changed(accountOf: gateway, other)
        let pair = pair(gateway, other)
        guard pair.association != nil else { return }
        if gateway == pair.low { pair.holders.low = false } else { pair.holders.high = false }
        update(pair)
        guard !pair.isCut else { return watch(pair) }
        simulation.after(40 * millisecond, "delete arrives", other) { [self] in
            guard !pair.isCut, peers[gateway][other] == nil else { return }
            drop(pair)
        }
    }

    private func drop(_ pair: LinkPair) {
        pair.association = nil
        pair.holders = (false, false)
        update(pair)
        attemptSoon(pair)
    }

    func reset(_ gateway: Int) {
        let others = known[gateway]
        for other in others { peers[gateway][other] = nil }
        known[gateway] = []
        interfaces[gateway] = [:]
        accounts[gateway].isCurrent = false
        simulation.gateways[gateway].news += 1
        for other in others {
            let pair = pair(gateway, other)
            if gateway == pair.low { pair.holders.low = false } else { pair.holders.high = false }
            update(pair)
        }
    }

    func changed(_ gateway: Int) {
        for other in 0..<width where other != gateway {
            if let pair = pairs[min(gateway, other) * width + max(gateway, other)] { update(pair) }
        }
    }

    func setBlocked(_ from: Int, _ to: Int, _ isBlocked: Bool) {
        let pair = pair(from, to)
        if from < to { pair.blocked.up += isBlocked ? 1 : -1 } else { pair.blocked.down += isBlocked ? 1 : -1 }
        pair.cuts += 1
        update(pair)
        if pair.isCut { watch(pair) } else { attemptSoon(pair) }
    }

    /// Silence is noticed: liveness is asked for after ten seconds, and given up some fifteen later (RFC 7296, 2.4).
    private func watch(_ pair: LinkPair) {
        let cuts = pair.cuts
        simulation.after(26 * second, "peer is dead") { [self] in
            guard pair.cuts == cuts else { return }
            drop(pair)
        }
    }

    // MARK: Coming together

    private func attemptSoon(_ pair: LinkPair) {
        guard !pair.isAttemptDue else { return }
        pair.isAttemptDue = true
        var delay = UInt64(simulation.weather.number(20...120)) * millisecond
        while simulation.weather.chance(simulation.loss), delay < 4 * second { delay *= 2 }
        simulation.after(delay, "IKE") { [self] in
            pair.isAttemptDue = false
            attempt(pair)
        }
    }

    private func attempt(_ pair: LinkPair) {
        defer { update(pair) }
        guard !pair.isCut, let low = peers[pair.low][pair.high], let high = peers[pair.high][pair.low] else { return }
        guard simulation.gateways[pair.low].plane.isDaemonAlive, simulation.gateways[pair.high].plane.isDaemonAlive,
            let (way, key) = agreement(low, high, isLowFirst: pair.asker.map { $0 == pair.low } ?? low.peer.initiator, pair)
        else { return }
        if let association = pair.association, pair.holders == (true, true), association.key == key,
            association.way === way || association.way.alternative == way.alternative
        {
            return
        }
        lastSPI += 2
        pair.association = LinkPair.Association(
            way: way, key: key, outbound: SPI(rawValue: lastSPI), inbound: SPI(rawValue: lastSPI + 1))
        pair.holders = (true, true)
    }

    /// What the end that asks prefers and the other accepts, else what the other prefers and the asking one accepts; as the
    /// low end says it.
    private func agreement(
        _ low: Configured, _ high: Configured, isLowFirst: Bool, _ pair: LinkPair
    ) -> (Way, PreSharedKey)? {
        func agreed(_ asking: Configured, _ accepting: Configured) -> (Way, PreSharedKey)? {
            let way = asking.ways[0], reference = way.alternative.key
            guard isPossible(way, pair), accepting.ways.contains(where: { $0.alternative.agrees(with: way.alternative) }),
                let key = low.key(reference), key == high.key(reference)
            else { return nil }
            return (way, key)
        }
        return isLowFirst ? agreed(low, high) ?? agreed(high, low) : agreed(high, low) ?? agreed(low, high)
    }

    /// Both hosts are at the addresses that the way runs between.
    private func isPossible(_ way: Way, _ pair: LinkPair) -> Bool {
        let outer = way.alternative.outer
        return simulation.gateways[pair.low].has(outer.local) && simulation.gateways[pair.high].has(outer.remote)
    }

    private func update(_ pair: LinkPair) {
        changed(accountOf: pair.low, pair.high)
        changed(accountOf: pair.high, pair.low)
        let low = simulation.gateways[pair.low], high = simulation.gateways[pair.high]
        let hasBoth = pair.association != nil && pair.holders == (true, true)
        let isCarrying =
            hasBoth && !pair.isCut && isPossible(pair.association!.way, pair) && !simulation.isHarmed(low, .linksDown)
            && !simulation.isHarmed(high, .linksDown) && low.plane.carries(high.site) && high.plane.carries(low.site)
        if !hasBoth || !isCarrying, !pair.isCut, peers[pair.low][pair.high] != nil, peers[pair.high][pair.low] != nil,
            !pair.isAttemptDue
        {
            // Whoever lacks something tries again every few seconds.
            pair.isAttemptDue = true
            simulation.after(second * UInt64(simulation.weather.number(1...3)), "IKE again") { [self] in
                pair.isAttemptDue = false
                attempt(pair)
            }
        }
        guard pair.isCarrying != isCarrying else { return }
        pair.isCarrying = isCarrying
        pair.turned = simulation.now
        if isCarrying { pair.everCarried = true }
        simulation.linkTurned(pair)
    }

    func fill(_ report: inout AgentReport, of gateway: Int) {
        let account = account(of: gateway)
        (report.ike, report.securityAssociations, report.probes) = (account.ike, account.associations, account.probes)
    }

    func isSilent(_ gateway: Int) -> Bool { !accounts[gateway].isCurrent }

    private func changed(accountOf gateway: Int, _ other: Int) {
        parts[gateway * width + other].isCurrent = false
        accounts[gateway].isCurrent = false
        let host = simulation.gateways[gateway]
        host.news += 1
        simulation.hasten(host)
    }

    /// The former one when it comes to the same: then whoever compares the two is done at once.
    private func account(of gateway: Int) -> Account {
        let former = accounts[gateway].known
        if let former, accounts[gateway].isCurrent { return former }
        // For how long nothing came is another thing each time.
        var isSilent = false, parts: [AccountPart] = []
        parts.reserveCapacity(known[gateway].count)
        for other in known[gateway] {
            guard let entry = peers[gateway][other] else { continue }
            let place = gateway * width + other
            if let known = self.parts[place].known, self.parts[place].isCurrent {
                parts.append(known)
                continue
            }
            let pair = pair(gateway, other)
            var part = self.part(of: gateway, entry, pair)
            if let known = self.parts[place].known, known.saysTheSame(as: part) { part = known }
            let isLost = !pair.isCarrying && pair.everCarried
            if isLost { isSilent = true }
            self.parts[place] = (part, !isLost)
            parts.append(part)
        }
        let isSame = former?.parts.elementsEqual(parts, by: ===) ?? false
        let account = isSame ? former! : Account(parts)
        accounts[gateway] = (account, !isSilent)
        return account
    }

    private func part(of gateway: Int, _ entry: Configured, _ pair: LinkPair) -> AccountPart {
        let site = entry.peer.peer, isLow = gateway == pair.low
        let association = (isLow ? pair.holders.low : pair.holders.high) ? pair.association : nil
        func report(_ direction: SecurityPolicy.Direction, _ association: LinkPair.Association) -> SAReport {
            let outer = association.way.alternative.outer
            return SAReport(
                peer: site, direction: direction,
                spi: isLow == (direction == .outbound) ? association.outbound : association.inbound,
                encryption: .aes256gcm16, extendedSequenceNumbers: true, mode: association.way.alternative.parameters.mode,
                outer: isLow ? outer : AddressPair(local: outer.remote, remote: outer.local), ageSeconds: 0, packets: 0,
                bytes: 0, rekeyInSeconds: 0)
        }
        let silence = Double(simulation.now - pair.turned) / 1e9
        return AccountPart(
            ike: IKEReport(
                peer: site, state: association == nil ? .connecting : .established,
                runsAsPreferred: association.map { entry.ways[0].alternative.agrees(with: $0.way.alternative) }),
            associations: association.map { [report(.inbound, $0), report(.outbound, $0)] } ?? [],
            probe: ProbeReport(
                peer: site, lastAnswerSecondsAgo: pair.isCarrying ? 0.5 : pair.everCarried ? silence + 0.5 : nil,
                roundTripMilliseconds: 20, sent: 1, answered: 1))
    }
}

import AgentCore
import WarrenModel
import WarrenPlan

/// Links as the IKE engine makes them, without its messages: one end asks for what it prefers, the other takes what it
/// accepts; SAs are made before those in their place are broken; those of a peer that is gone, or that fell silent, are given
/// up, and made again when it is back.
final class ModelLinks: LinkLayer {
    private unowned var simulation: Simulation!
    private var pairs: [LinkPair?] = []
    private var width = 0
    /// By gateway, and by the gateway at the other end.
    private var peers: [[Configured?]] = []
    /// Whose tunnels they are, by gateway.
    private var interfaces: [[String: Int]] = []
    /// What reports say of each gateway's links; nil when something of it changed.
    private var accounts: [Account?] = []
    /// The parts of those, likewise, by the gateway at the other end.
    private var parts: [[AccountPart?]] = []
    private var lastSPI: UInt32 = 4_096

    /// A peer as a daemon knows it.
    private final class Configured {
        let peer: IKEPeer
        /// With what `peer` names them by: a few at the most.
        let keys: [(reference: PSKReference, key: PreSharedKey)]
        /// What is asked for, then what is taken, as the low end says it.
        let ways: [IKEAlternative]

        init(_ peer: IKEPeer, _ keys: [PSKReference: PreSharedKey], isLow: Bool) {
            self.peer = peer
            self.keys = peer.acceptedKeys.compactMap { reference in keys[reference].map { (reference, $0) } }
            let own = peer.ways
            ways = isLow ? own : own.map(\.mirrored)
        }

        func key(_ reference: PSKReference) -> PreSharedKey? { keys.first { $0.reference == reference }?.key }
    }

    private struct Account {
        var ike: [IKEReport] = []
        var associations: [SAReport] = []
        var probes: [ProbeReport] = []
    }

    /// What is said of one link.
    private struct AccountPart {
        let ike: IKEReport
        let inbound: SAReport?, outbound: SAReport?
        let probe: ProbeReport
    }

    func prepare(_ simulation: Simulation) {
        self.simulation = simulation
        width = simulation.gateways.count
        pairs = Array(repeating: nil, count: width * width)
        peers = Array(repeating: Array(repeating: nil, count: width), count: width)
        parts = Array(repeating: Array(repeating: nil, count: width), count: width)
        interfaces = Array(repeating: [:], count: width)
        accounts = Array(repeating: nil, count: width)
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
            let new = Configured(peer, keys, isLow: gateway < other)
            if let old = peers[gateway][other], old.peer == peer, old.keys.elementsEqual(new.keys, by: ==) { return }
            peers[gateway][other] = new
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
        let others = peers[gateway].indices.filter { peers[gateway][$0] != nil }
        peers[gateway] = Array(repeating: nil, count: width)
        interfaces[gateway] = [:]
        accounts[gateway] = nil
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
        if let association = pair.association, pair.holders == (true, true), association.way == way, association.key == key {
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
    ) -> (IKEAlternative, PreSharedKey)? {
        let lowWays = low.ways, highWays = high.ways
        let preferred =
            isLowFirst
            ? [(lowWays[0], highWays), (highWays[0], lowWays)] : [(highWays[0], lowWays), (lowWays[0], highWays)]
        for (way, accepted) in preferred {
            guard isPossible(way, pair), accepted.contains(where: { $0.agrees(with: way) }), let key = low.key(way.key),
                key == high.key(way.key)
            else { continue }
            return (way, key)
        }
        return nil
    }

    /// Both hosts are at the addresses that the way runs between.
    private func isPossible(_ way: IKEAlternative, _ pair: LinkPair) -> Bool {
        simulation.gateways[pair.low].has(way.outer.local) && simulation.gateways[pair.high].has(way.outer.remote)
    }

    private func update(_ pair: LinkPair) {
        changed(accountOf: pair.low, pair.high)
        changed(accountOf: pair.high, pair.low)
        let low = simulation.gateways[pair.low], high = simulation.gateways[pair.high]
        let hasBoth = pair.association != nil && pair.holders == (true, true)
        let isCarrying =
            hasBoth && !pair.isCut && low.plane.carries(high.site) && high.plane.carries(low.site)
            && isPossible(pair.association!.way, pair) && !simulation.isHarmed(low, .linksDown)
            && !simulation.isHarmed(high, .linksDown)
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
        let account: Account
        if let known = accounts[gateway] {
            account = known
        } else {
            var isSilent = false
            account = self.account(of: gateway, &isSilent)
            // For how long nothing came is another thing each time.
            accounts[gateway] = isSilent ? nil : account
        }
        (report.ike, report.securityAssociations, report.probes) = (account.ike, account.associations, account.probes)
    }

    func isSilent(_ gateway: Int) -> Bool { accounts[gateway] == nil }

    private func changed(accountOf gateway: Int, _ other: Int) {
        parts[gateway][other] = nil
        accounts[gateway] = nil
        simulation.hasten(simulation.gateways[gateway])
    }

    private func account(of gateway: Int, _ isSilent: inout Bool) -> Account {
        var account = Account()
        for other in 0..<width {
            guard let entry = peers[gateway][other] else { continue }
            let part: AccountPart
            if let known = parts[gateway][other] {
                part = known
            } else {
                let pair = pair(gateway, other)
                part = self.part(of: gateway, entry, pair)
                if !pair.isCarrying, pair.everCarried { isSilent = true } else { parts[gateway][other] = part }
            }
            account.ike.append(part.ike)
            if let inbound = part.inbound { account.associations.append(inbound) }
            if let outbound = part.outbound { account.associations.append(outbound) }
            account.probes.append(part.probe)
        }
        return account
    }

    private func part(of gateway: Int, _ entry: Configured, _ pair: LinkPair) -> AccountPart {
        let site = entry.peer.peer, isLow = gateway == pair.low
        let association = (isLow ? pair.holders.low : pair.holders.high) ? pair.association : nil
        func report(_ direction: SecurityPolicy.Direction) -> SAReport? {
            association.map { association in
                SAReport(
                    peer: site, direction: direction,
                    spi: isLow == (direction == .outbound) ? association.outbound : association.inbound,
                    encryption: .aes256gcm16, extendedSequenceNumbers: true, mode: association.way.parameters.mode,
                    outer: isLow ? association.way.outer : association.way.mirrored.outer, ageSeconds: 0, packets: 0, bytes: 0,
                    rekeyInSeconds: 0)
            }
        }
        let silence = Double(simulation.now - pair.turned) / 1e9
        return AccountPart(
            ike: IKEReport(
                peer: site, state: association == nil ? .connecting : .established,
                runsAsPreferred: association.map { entry.ways[0].agrees(with: $0.way) }),
            inbound: report(.inbound), outbound: report(.outbound),
            probe: ProbeReport(
                peer: site, lastAnswerSecondsAgo: pair.isCarrying ? 0.5 : pair.everCarried ? silence + 0.5 : nil,
                roundTripMilliseconds: 20, sent: 1, answered: 1))
    }
}

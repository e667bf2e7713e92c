import ESP
import IKEHarness
import IKEv2
import SeededRandom
import Testing
import WarrenModel

/// How badly the network treats datagrams.
struct Weather {
    var loss = 0.0
    var duplication = 0.0
    var minimumDelay = Duration.milliseconds(10)
    var maximumDelay = Duration.milliseconds(10)

    static let fair = Weather()
    static let storm = Weather(loss: 0.25, duplication: 0.2, minimumDelay: .milliseconds(5), maximumDelay: .milliseconds(400))
}

/// One gateway: its engine, and a data plane that only remembers which SAs it holds.
struct Gateway {
    let name: SiteName
    var engine: IKEEngine
    var random: SeededNumbers
    var associations = AssociationTable()
    var events: [IKEEvent] = []
    var sent: [IKEDatagram] = []
    var redirects: [Endpoint] = []
    var keepalives = 0
    /// Times at which a packet could not have been sent.
    var outages = 0
    var isRestless = false

    var inbound: [SPI: SecurityAssociation] { associations.inbound }
    var outbound: [SecurityAssociation] { associations.outbound }
    var currentOutbound: SPI? { associations.current?.spi }
    var everAdded: [SecurityAssociation] { associations.everAdded }
    var faults: [String] { associations.faults + (isRestless ? ["\(name) never rests"] : []) }

    mutating func take(_ output: IKEOutput) -> IKEDatagram? {
        switch output {
        case .send(let datagram):
            sent.append(datagram)
            return datagram
        case .addInbound, .addOutbound, .remove: associations.take(output)
        case .event(let event): events.append(event)
        case .redirect(_, let remote): redirects.append(remote)
        case .sendKeepalive: keepalives += 1
        }
        return nil
    }
}

/// Two gateways, a network between them, and a clock that only moves when told to.
struct Simulation {
    static let berlin = SiteName("berlin")!, tokyo = SiteName("tokyo")!
    static let berlinAddress = IPAddress("203.0.113.10")!, tokyoAddress = IPAddress("198.51.100.20")!
    /// Berlin's own, where a NAT has the public one.
    static let berlinInside = IPAddress("192.168.77.2")!
    static let key = PreSharedKey(SecretBytes(Array(repeating: 7, count: 32)))
    /// Those that the gateways have, of which links use the first unless they change.
    static let addresses = [
        [berlinAddress, IPAddress("203.0.113.11")!], [tokyoAddress, IPAddress("198.51.100.21")!],
    ]

    var now = MonotonicTime(nanoseconds: 1_000_000_000)
    var gateways: [Gateway]
    var weather = Weather.fair
    var parameters: [IPsecParameters]
    var keys = [Simulation.key, Simulation.key]
    private var flights: [(at: MonotonicTime, serial: Int, load: Load)] = []
    /// ESP packets that were sent, or should have been, and that their receiver could not open.
    var lostPackets = 0
    var sentPackets = 0
    private enum Load {
        case ike(IKEDatagram)
        case packet(from: Int, SecurityAssociation)
    }
    private var serial = 0
    /// A second of `now`, and what happened in it so far.
    private var busySecond: UInt64 = 0
    private var eventsInSecond = 0
    private var isRestless = false
    private static let eventsPerSecond = 3000
    private var chance: SeededNumbers
    /// Which gateway makes the link.
    var linkInitiator = 0
    /// How many each gateway's packet path has.
    let queues: [Int]
    /// Sees, and may drop or change, every datagram before the weather does.
    var filter: (inout IKEDatagram) -> Bool = { _ in true }

    init(
        seed: UInt64 = 1, parameters: IPsecParameters = IPsecParameters(), configuration: IKEConfiguration = .init(),
        queues: [Int] = [1, 1]
    ) {
        chance = SeededNumbers(seed: seed)
        self.queues = queues
        self.parameters = [parameters, parameters]
        gateways = [Self.berlin, Self.tokyo].enumerated().map { index, name in
            Gateway(
                name: name, engine: IKEEngine(configuration: Self.with(queues[index], configuration)),
                random: SeededNumbers(seed: seed &* 31 &+ UInt64(index) &+ 100))
        }
    }

    func peer(of index: Int) -> IKEPeer {
        let addresses = [Self.berlinAddress, Self.tokyoAddress], names = [Self.berlin, Self.tokyo]
        let local = addresses[index], remote = addresses[1 - index]
        return IKEPeer(
            peer: names[1 - index], outer: AddressPair(local: local, remote: remote), initiator: index == linkInitiator,
            parameters: parameters[index],
            selectors: [.ipencap, .ipv6].map {
                TrafficSelector(source: IPPrefix(host: local), destination: IPPrefix(host: remote), ipProtocol: $0)
            },
            key: PSKReference(link: LinkID(names[0], names[1])!, epoch: 1))
    }

    mutating func configure(_ indices: [Int] = [0, 1]) {
        for index in indices {
            let peer = peer(of: index), key = keys[index]
            act(index) { $0.setPeer(peer, keys: [peer.key: key], now: $1, random: &$2) }
        }
    }

    /// The process of one gateway ends without a word and starts anew.
    mutating func restart(
        _ index: Int, configuration: IKEConfiguration = .init(),
        prepare: (inout IKEEngine, MonotonicTime, inout SeededNumbers) -> Void = { _, _, _ in }
    ) {
        gateways[index].engine = IKEEngine(configuration: Self.with(queues[index], configuration))
        gateways[index].associations.forgetAll()
        act(index, prepare)
        configure([index])
    }

    private static func with(_ queues: Int, _ configuration: IKEConfiguration) -> IKEConfiguration {
        var configuration = configuration
        configuration.queues = queues
        return configuration
    }

    mutating func act(_ index: Int, _ action: (inout IKEEngine, MonotonicTime, inout SeededNumbers) -> Void) {
        var gateway = gateways[index]
        action(&gateway.engine, now, &gateway.random)
        gateways[index] = gateway
        flush(index)
    }

    mutating func flush(_ index: Int) {
        for output in gateways[index].engine.takeOutputs() {
            guard var datagram = gateways[index].take(output), filter(&datagram) else { continue }
            launch(datagram)
        }
    }

    mutating func launch(_ datagram: IKEDatagram) {
        if Double.random(in: 0..<1, using: &chance) < weather.loss { return }
        let copies = Double.random(in: 0..<1, using: &chance) < weather.duplication ? 2 : 1
        for _ in 0..<copies {
            let delay = Double.random(in: weather.minimumDelay.inSeconds...weather.maximumDelay.inSeconds, using: &chance)
            serial += 1
            flights.append((now + .milliseconds(Int64(delay * 1000)), serial, .ike(datagram)))
        }
    }

    mutating func run(for duration: Duration) {
        let end = now + duration
        while true {
            let nextFlight = flights.map(\.at).min()
            let nextTimer = gateways.compactMap(\.engine.nextTimeout).min()
            guard let next = [nextFlight, nextTimer].compactMap({ $0 }).min(), next <= end, isResting(at: next) else { break }
            now = max(now, next)
            if let index = flights.indices.filter({ flights[$0].at <= now }).min(by: { flights[$0].serial < flights[$1].serial }
            ) {
                switch flights.remove(at: index).load {
                case .ike(let datagram): deliver(datagram)
                case .packet(let from, let association): deliver(from: from, association)
                }
            } else {
                for index in gateways.indices { act(index) { $0.handleTimeout(now: $1, random: &$2) } }
            }
        }
        now = end
    }

    /// Whether fewer things happened in this second than two engines that do nothing in vain could cause. When more did, the
    /// test fails, and time passes without them.
    private mutating func isResting(at next: MonotonicTime) -> Bool {
        let second = max(now, next).nanoseconds / 1_000_000_000
        if second != busySecond { (busySecond, eventsInSecond) = (second, 0) }
        eventsInSecond += 1
        guard !isRestless, eventsInSecond > Self.eventsPerSecond else { return !isRestless }
        isRestless = true
        Issue.record("the engines never rest: \(eventsInSecond) events in second \(second)")
        gateways[0].isRestless = true
        return false
    }

    private mutating func deliver(_ datagram: IKEDatagram) {
        let isBerlins = Self.addresses[0].contains(datagram.remote.address) || datagram.remote.address == Self.berlinInside
        let index = isBerlins ? 0 : 1
        let arrived = IKEDatagram(local: datagram.remote, remote: datagram.local, bytes: datagram.bytes)
        act(index) { $0.receive(arrived, now: $1, random: &$2) }
    }

    /// One packet of the link, which the network delays by up to 80 ms, and does not lose.
    mutating func sendPacket(from index: Int) {
        sentPackets += 1
        guard let association = gateways[index].associations.current else {
            lostPackets += 1
            return act(index) { $0.outboundNeeded(peer: index == 0 ? Self.tokyo : Self.berlin, now: $1, random: &$2) }
        }
        serial += 1
        let delay = Int64.random(in: 1...80, using: &chance)
        flights.append((now + .milliseconds(delay), serial, .packet(from: index, association)))
    }

    private mutating func deliver(from index: Int, _ sent: SecurityAssociation) {
        let other = 1 - index, peer = gateways[index].name
        guard gateways[other].associations.opener(of: sent) != nil else {
            lostPackets += 1
            return act(other) {
                $0.unknownSPISeen(sent.spi, local: sent.remote, remote: sent.local, now: $1, random: &$2)
            }
        }
        let isFirst = gateways[other].associations.receivePacket(sent.spi)
        act(other) { engine, now, _ in
            if isFirst { engine.firstPacketReceived(inbound: sent.spi, peer: peer, now: now) }
            engine.protectedTrafficSeen(peer: peer, now: now)
        }
    }

    /// Packets flow both ways: each end tells its engine of the first on an inbound SA, and of life.
    mutating func exchangeTraffic() {
        for index in gateways.indices {
            let carriers = gateways[index].associations.carriers
            if carriers.first?.queue != 0 {
                gateways[index].outages += 1
                act(index) { $0.outboundNeeded(peer: index == 0 ? Self.tokyo : Self.berlin, now: $1, random: &$2) }
            }
            for sa in carriers { exchange(sa, from: index) }
        }
    }

    private mutating func exchange(_ sa: SecurityAssociation, from index: Int) {
        let other = 1 - index, from = gateways[index].name
        guard gateways[other].associations.opener(of: sa) != nil else {
            gateways[index].outages += 1
            return act(other) { $0.unknownSPISeen(sa.spi, local: sa.remote, remote: sa.local, now: $1, random: &$2) }
        }
        act(other) { engine, now, _ in
            engine.firstPacketReceived(inbound: sa.spi, peer: from, now: now)
            engine.protectedTrafficSeen(peer: from, now: now)
        }
    }

    var states: [IKEReport] { gateways.flatMap { $0.engine.reports(now: now) } }

    private static func discord(_ sa: SecurityAssociation, _ other: Gateway) -> [String] {
        guard let received = other.inbound[sa.spi] else { return ["\(other.name) does not know \(sa.spi)"] }
        var found: [String] = []
        if received.keyingMaterial != sa.keyingMaterial { found.append("the keys of \(sa.spi) differ") }
        if received.extendedSequenceNumbers != sa.extendedSequenceNumbers || received.mode != sa.mode
            || received.encryption != sa.encryption || received.selectors != sa.selectors
        {
            found.append("the ends disagree about \(sa.spi)")
        }
        return found
    }

    /// What is wrong with the two ends' SAs, if anything: each must send on what the other receives, under the same key.
    var discord: [String] {
        var found = gateways.flatMap(\.faults)
        for index in gateways.indices {
            let own = gateways[index], other = gateways[1 - index], count = queues.min() ?? 1
            if own.outbound.count != count { found.append("\(own.name) has \(own.outbound.count) outbound SAs") }
            if own.inbound.count != count { found.append("\(own.name) has \(own.inbound.count) inbound SAs") }
            let carriers = own.associations.carriers
            if carriers.map(\.queue) != Array(0..<count) {
                found.append("\(own.name) sends on queues \(carriers.map(\.queue))")
            }
            for sa in carriers { found += Self.discord(sa, other) }
        }
        for report in states where report.state != .established { found.append("\(report.peer): \(report.state)") }
        return found
    }
}

extension Simulation {
    /// Berlin is behind a NAT: from port 4500 it comes by `port`, and what goes elsewhere does not arrive. From port 500 it comes
    /// by another, too, unless that is not said. `inside`: berlin's own address, where it does not have the public one itself.
    mutating func translateBerlin(to port: UInt16, ikeTo ikePort: UInt16 = 500, inside: IPAddress = berlinAddress) {
        let berlin = Self.berlinAddress, ports: [UInt16: UInt16] = [4500: port, 500: ikePort]
        filter = { datagram in
            if datagram.local.address == berlin, let outside = ports[datagram.local.port] {
                datagram = IKEDatagram(
                    local: Endpoint(address: berlin, port: outside), remote: datagram.remote, bytes: datagram.bytes)
            } else if datagram.remote.address == berlin {
                let outside = datagram.remote.port
                guard let port = ports.first(where: { $0.value == outside })?.key else { return false }
                datagram = IKEDatagram(
                    local: datagram.local, remote: Endpoint(address: inside, port: port), bytes: datagram.bytes)
            }
            return true
        }
    }
}

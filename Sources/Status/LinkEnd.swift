import WarrenModel

/// What one gateway's agent says of one link of it.
struct LinkEnd: Sendable {
    /// Without duplicates, in order.
    private(set) var outbound: [SPI] = []
    private(set) var inbound: [SPI] = []
    var ike: IKEReport?
    var probe: ProbeReport?
    var tunnel: TunnelReport?
    /// Since the report before; nil when that is not known.
    private(set) var receivedBitsPerSecond: UInt64?
    private(set) var sentBitsPerSecond: UInt64?

    mutating func add(_ association: SAReport) {
        let isOutbound = association.direction == .outbound
        var spis = isOutbound ? outbound : inbound
        guard let place = spis.firstIndex(where: { $0 >= association.spi }) else {
            if isOutbound { outbound.append(association.spi) } else { inbound.append(association.spi) }
            return
        }
        guard spis[place] != association.spi else { return }
        spis.insert(association.spi, at: place)
        if isOutbound { outbound = spis } else { inbound = spis }
    }

    /// Works out what passed since `last`, which was said `seconds` before. Counters that fell were begun anew.
    mutating func compare(with last: LinkEnd?, seconds: Double) {
        guard let tunnel, let before = last?.tunnel, seconds > 0.1, tunnel.tunnel.interface == before.tunnel.interface,
            tunnel.receivedBytes >= before.receivedBytes, tunnel.sentBytes >= before.sentBytes
        else { return }
        receivedBitsPerSecond = Self.rate(tunnel.receivedBytes - before.receivedBytes, seconds)
        sentBitsPerSecond = Self.rate(tunnel.sentBytes - before.sentBytes, seconds)
    }

    private static func rate(_ bytes: UInt64, _ seconds: Double) -> UInt64? {
        UInt64(exactly: (Double(bytes) * 8 / seconds).rounded())
    }

    var hasChildSA: Bool { !outbound.isEmpty && !inbound.isEmpty }
    var interfaceIsUp: Bool { tunnel?.isUp ?? false }

    /// An answer came in the last seconds before a moment when the report is as old as `age`.
    func probeAnswered(age: Duration) -> Bool {
        LinkProof.isAnswered(probe?.lastAnswerSecondsAgo, age: age)
    }

    /// Packets as large as the tunnel's MTU do not cross it; nil when they do, or that is not known.
    var narrowPath: (largest: UInt32, mtu: UInt32)? {
        guard let largest = probe?.pathMTU, let mtu = tunnel?.tunnel.mtu, largest < mtu else { return nil }
        return (largest, UInt32(mtu))
    }

    /// What a person would see of it otherwise than before, beside what decides the link's state.
    func differsVisibly(from other: LinkEnd?) -> Bool {
        probe?.pathMTU != other?.probe?.pathMTU
            || probe?.lossPercent?.rounded() != other?.probe?.lossPercent?.rounded()
    }
}

extension AgentReport {
    /// Hands each of the report's links to `add`: the peer, and what is to be done to that end.
    func forEachEnd(_ add: (SiteName, (inout LinkEnd) -> Void) -> Void) {
        for association in securityAssociations { add(association.peer) { $0.add(association) } }
        for ike in ike { add(ike.peer) { if $0.ike == nil { $0.ike = ike } } }
        for probe in probes { add(probe.peer) { if $0.probe == nil { $0.probe = probe } } }
        for tunnel in tunnels {
            // A peer may have two while a link changes: one that is up tells more.
            add(tunnel.tunnel.peer) { if $0.tunnel.map({ !$0.isUp && tunnel.isUp }) ?? true { $0.tunnel = tunnel } }
        }
    }
}

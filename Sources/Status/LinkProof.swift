import WarrenModel

/// What of one end decides whether the link is up, whatever else there is to be said of it.
struct LinkProof: Sendable {
    /// Those that it sends on, and those that it receives on.
    private var outbound = SPIs()
    private var inbound = SPIs()
    /// Before the report; nil when no answer ever came.
    private(set) var answeredSecondsAgo: Double?
    private var isProbed = false
    private var largestCrossing: UInt32?
    private var tunnel: (isUp: Bool, mtu: Int)?

    mutating func add(_ association: SAReport) {
        if association.direction == .outbound { outbound.add(association.spi) } else { inbound.add(association.spi) }
    }

    /// The first counts.
    mutating func add(_ probe: ProbeReport) {
        guard !isProbed else { return }
        isProbed = true
        answeredSecondsAgo = probe.lastAnswerSecondsAgo
        largestCrossing = probe.pathMTU
    }

    /// A peer may have two while a link changes: one that is up tells more.
    mutating func add(_ report: TunnelReport) {
        if tunnel.map({ !$0.isUp && report.isUp }) ?? true { tunnel = (report.isUp, report.tunnel.mtu) }
    }

    /// Its interface is up, and packets of the tunnel's MTU cross it as far as is known.
    private var carriesWholePackets: Bool {
        guard let tunnel, tunnel.isUp else { return false }
        return largestCrossing.map { $0 >= tunnel.mtu } ?? true
    }

    /// An answer came in the last seconds before a moment when the report is as old as `age`.
    func isAnswered(age: Duration) -> Bool { Self.isAnswered(answeredSecondsAgo, age: age) }

    static func isAnswered(_ secondsAgo: Double?, age: Duration) -> Bool {
        secondsAgo.map { $0 + age.inSeconds <= LinkStatus.probeFreshSeconds } ?? false
    }

    /// Whether the link to the end `other` is up, with reports that are as old as this: a child SA at each end, an outbound SPI
    /// of each the other's inbound, both interfaces up, no packet too large, and a probe of either end answered. `comparesSPIs`
    /// false: whichever SPIs the ends name.
    func isUp(age: Duration, with other: LinkProof, age otherAge: Duration, comparesSPIs: Bool = true) -> Bool {
        carriesWholePackets && other.carriesWholePackets
            && (comparesSPIs ? crosses(other) && other.crosses(self) : hasChildSA && other.hasChildSA)
            && (isAnswered(age: age) || other.isAnswered(age: otherAge))
    }

    private var hasChildSA: Bool { !outbound.isEmpty && !inbound.isEmpty }

    private func crosses(_ peer: LinkProof) -> Bool { outbound.meets(peer.inbound) }

    /// One SPI that an end sends on is among those that its peer receives on.
    static func cross(_ sent: [SPI], _ received: [SPI]) -> Bool { sent.contains(where: received.contains) }
}

/// SPIs of one end and direction: mostly one, which then needs no memory of its own.
private struct SPIs: Sendable {
    private var first: SPI?
    private var others: [SPI]?

    var isEmpty: Bool { first == nil }

    mutating func add(_ spi: SPI) {
        if first == nil { first = spi } else { others = (others ?? []) + [spi] }
    }

    func contains(_ spi: SPI) -> Bool { first == spi || others?.contains(spi) ?? false }

    /// Whether one of these is among those.
    func meets(_ those: SPIs) -> Bool {
        if let first, those.contains(first) { return true }
        return others?.contains(where: those.contains) ?? false
    }
}

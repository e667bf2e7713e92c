import WarrenModel

/// What of one end decides whether the link is up, whatever else there is to be said of it.
struct LinkProof: Sendable {
    /// Those that it sends on, and those that it receives on.
    let outbound: [SPI], inbound: [SPI]
    /// Before the report; nil when no answer ever came.
    let answeredSecondsAgo: Double?
    /// Its interface is up, and packets of the tunnel's MTU cross it as far as is known.
    let carriesWholePackets: Bool

    init(_ end: LinkEnd) {
        outbound = end.outbound
        inbound = end.inbound
        answeredSecondsAgo = end.probe?.lastAnswerSecondsAgo
        carriesWholePackets = end.interfaceIsUp && end.narrowPath == nil
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

    private func crosses(_ peer: LinkProof) -> Bool { Self.cross(outbound, peer.inbound) }

    /// One SPI that an end sends on is among those that its peer receives on.
    static func cross(_ sent: [SPI], _ received: [SPI]) -> Bool { sent.contains(where: received.contains) }
}

import WarrenModel

/// What the controller knows of one site's agent at one moment.
public struct AgentObservation: Sendable, Hashable {
    /// Its agent has a session now.
    public var connected: Bool
    public var report: AgentReport?
    /// When `report` arrived, on the clock that `now` is read from.
    public var arrived: MonotonicTime?

    public init(connected: Bool, report: AgentReport? = nil, arrived: MonotonicTime? = nil) {
        self.connected = connected
        self.report = report
        self.arrived = arrived
    }
}

/// One end of a link, heard lately.
struct HeardEnd {
    let site: SiteName
    let end: LinkEnd
    /// Of the report that said it.
    let age: Duration
    let version: StateVersion

    var probeAnswered: Bool { end.probeAnswered(age: age) }

    var probeText: String {
        guard let probe = end.probe, probe.sent > 0 else { return "\(site) has sent none" }
        guard let ago = probe.lastAnswerSecondsAgo else { return "\(site) has sent \(probe.sent), none answered" }
        return "\(site)'s last answer came \(Int64(clamping: Int(min(ago + age.inSeconds, 1e9)))) s ago"
    }
}

extension LinkStatus {
    /// A report older than this says nothing of now.
    public static let reportFresh: Duration = .seconds(10)
    /// A probe's answer older than this proves nothing of now.
    public static let probeFreshSeconds = 5.0
    /// How long two ends of a link that is up may contradict each other in SPIs alone: one of two reports may be from before a
    /// rekey that the other tells of, and the next is at most three seconds away.
    static let contradictionPatience: Duration = .seconds(4)

    /// The state of `link` from what its two ends say.
    ///
    /// Up: both reports fresh, a child SA at each end, an outbound SPI of each the other's inbound, a probe answered in
    /// the last seconds, and no end that finds packets of the tunnel's MTU too large for it. An answer to either end's probe has
    /// crossed the tunnel both ways, so one is enough; where only one end hears answers the link is up and the reason says so.
    public static func derive(
        _ link: LinkID, from observations: [SiteName: AgentObservation], now: MonotonicTime
    ) -> LinkStatus {
        let ends = observations.filter { link.contains($0.key) }
        return derive(link, from: ends.mapValues { PeerView($0, now: now) })
    }

    /// The same, from what the agents said sorted by peer: a large mesh asks for many links of each.
    static func derive(_ link: LinkID, from views: [SiteName: PeerView]) -> LinkStatus {
        var ends: [HeardEnd] = [], missing: [String] = []
        for site in link.sites {
            let view = views[site]
            guard let peer = link.peer(of: site), let view, let age = view.age, age < reportFresh else {
                missing.append(silence(of: site, connected: view?.connected ?? false, age: view?.age))
                continue
            }
            ends.append(
                HeardEnd(site: site, end: view.ends[peer] ?? LinkEnd(), age: age, version: view.version ?? .none))
        }
        guard missing.isEmpty, ends.count == 2 else {
            return LinkStatus(link: link, state: .unknown, reason: missing.joined(separator: "; "))
        }
        let (state, reason) = judge(ends[0], ends[1])
        let roundTrip = state == .up || state == .degraded ? roundTrip(ends[0], ends[1]) : nil
        return LinkStatus(link: link, state: state, reason: reason, roundTripMilliseconds: roundTrip)
    }

    /// Why nothing is known of a site now.
    static func silence(of site: SiteName, connected: Bool, age: Duration?) -> String {
        if let age { return "\(site): last report \(age.wholeSeconds) s ago" }
        return "\(site): " + (connected ? "has not reported yet" : "no agent is connected")
    }

    /// Of the answers that prove anything, the fastest.
    static func roundTrip(_ a: HeardEnd, _ b: HeardEnd) -> Double? {
        [a, b].filter(\.probeAnswered).compactMap { $0.end.probe?.roundTripMilliseconds }.min()
    }

    /// The state by the rules of `derive`, with its reason. `comparesSPIs` false: whichever SPIs the ends name.
    static func judge(_ a: HeardEnd, _ b: HeardEnd, comparesSPIs: Bool = true) -> (LinkState, String?) {
        if a.end.hasChildSA, b.end.hasChildSA, a.probeAnswered, b.probeAnswered, a.end.crosses(b.end), b.end.crosses(a.end),
            a.end.interfaceIsUp, b.end.interfaceIsUp, a.end.narrowPath == nil, b.end.narrowPath == nil,
            a.end.ike?.runsAsPreferred != false, b.end.ike?.runsAsPreferred != false
        {
            return (.up, nil)
        }
        let ends = [a, b]
        let isBare = !ends.contains(where: \.end.hasChildSA)
        var errors = ends.compactMap { end in
            end.end.ike?.lastError.map { end.site.description + (isBare ? " has no child SA: " : ": ") + $0 }
        }
        if !errors.isEmpty, a.version.generation != b.version.generation {
            errors.append(
                "\(a.site) runs generation \(a.version.generation), \(b.site) runs \(b.version.generation)")
        }
        guard !isBare else {
            let trying = ends.contains { $0.end.ike?.state == .connecting || $0.end.ike?.state == .established }
            // An attempt that has failed is told as down, also while the next is on its way.
            let state: LinkState = errors.isEmpty && trying ? .connecting : .down
            let plain = trying ? "no child SA yet" : "no child SA, and none is being made"
            return (state, errors.isEmpty ? plain : errors.joined(separator: "; "))
        }
        if let lacking = ends.first(where: { !$0.end.hasChildSA }) {
            return (.degraded, (["\(lacking.site) has no child SA, its peer has one"] + errors).joined(separator: "; "))
        }
        let faults = faults(ends, comparesSPIs: comparesSPIs)
        guard faults.isEmpty else { return (.degraded, (faults + errors).joined(separator: "; ")) }
        let remarks = remarks(ends)
        return (.up, remarks.isEmpty ? nil : remarks.joined(separator: "; "))
    }

    /// What is wrong with a link of which each end has a child SA.
    private static func faults(_ ends: [HeardEnd], comparesSPIs: Bool) -> [String] {
        var faults = [(ends[0], ends[1]), (ends[1], ends[0])].compactMap { sender, receiver in
            !comparesSPIs || sender.end.crosses(receiver.end)
                ? nil
                : "SPIs differ: \(sender.site) sends on \(text(sender.end.outbound)), \(receiver.site) receives on "
                    + text(receiver.end.inbound)
        }
        faults += ends.filter { !$0.end.interfaceIsUp }.map { "\($0.site): the tunnel's interface is not up" }
        if !ends.contains(where: \.probeAnswered) {
            faults.append("no probe answered: " + ends.map(\.probeText).joined(separator: ", "))
        }
        faults += ends.compactMap { end in
            end.end.narrowPath.map {
                "\(end.site): packets of more than \($0.largest) bytes are lost, the tunnel's MTU is \($0.mtu)"
            }
        }
        return faults
    }

    /// What is odd about a link that is up.
    private static func remarks(_ ends: [HeardEnd]) -> [String] {
        var remarks: [String] = []
        if let deaf = ends.first(where: { !$0.probeAnswered }), let other = ends.first(where: { $0.site != deaf.site }) {
            remarks.append("proven by \(other.site)'s probe alone; \(deaf.probeText)")
        }
        return remarks
            + ends.filter { $0.end.ike?.runsAsPreferred == false }.map {
                "\($0.site) prefers another way than the one that it runs" + ($0.end.ike?.lastError.map { ": \($0)" } ?? "")
            }
    }

    private static func text(_ spis: [SPI]) -> String { spis.map(\.description).joined(separator: ", ") }
}

extension LinkEnd {
    /// One SPI that it sends on is among those that `peer` receives on.
    func crosses(_ peer: LinkEnd) -> Bool { LinkProof.cross(outbound, peer.inbound) }
}

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

extension LinkStatus {
    /// A report older than this says nothing of now.
    public static let reportFresh: Duration = .seconds(10)
    /// A probe's answer older than this proves nothing of now.
    public static let probeFreshSeconds = 5.0

    /// One end's fresh view of the link.
    private struct End {
        let site: SiteName
        let age: Duration
        let outbound: Set<SPI>
        let inbound: Set<SPI>
        let ike: IKEReport?
        let probe: ProbeReport?
        let interfaceIsUp: Bool

        init(site: SiteName, peer: SiteName, view: PeerView, age: Duration) {
            self.site = site
            self.age = age
            let associations = view.associations[peer, default: []]
            outbound = Set(associations.filter { $0.direction == .outbound }.map(\.spi))
            inbound = Set(associations.filter { $0.direction == .inbound }.map(\.spi))
            ike = view.ike[peer]
            probe = view.probes[peer]
            interfaceIsUp = view.interfacesUp.contains(peer)
        }

        var hasChildSA: Bool { !outbound.isEmpty && !inbound.isEmpty }

        /// An answer came in the last seconds; the report's own age counts.
        var probeAnswered: Bool {
            guard let ago = probe?.lastAnswerSecondsAgo else { return false }
            return ago + age.inSeconds <= LinkStatus.probeFreshSeconds
        }
    }

    /// The state of `link` from what its two ends say.
    ///
    /// Up: both reports fresh, a child SA at each end, an outbound SPI of each the other's inbound, and a probe answered in
    /// the last seconds. An answer to either end's probe has crossed the tunnel both ways, so one is enough; where only one
    /// end hears answers the link is up and the reason says so.
    public static func derive(
        _ link: LinkID, from observations: [SiteName: AgentObservation], now: MonotonicTime
    ) -> LinkStatus {
        let ends = observations.filter { link.contains($0.key) }
        return derive(link, from: ends.mapValues { PeerView($0, now: now) })
    }

    /// The same, from what the agents said sorted by peer: a large mesh asks for many links of each.
    static func derive(_ link: LinkID, from views: [SiteName: PeerView]) -> LinkStatus {
        var ends: [End] = [], missing: [String] = []
        for site in link.sites {
            guard let view = views[site], let age = view.age else {
                let connected = views[site]?.connected ?? false
                missing.append("\(site): " + (connected ? "has not reported yet" : "no agent is connected"))
                continue
            }
            guard age < reportFresh, let peer = link.peer(of: site) else {
                missing.append("\(site): last report \(age.wholeSeconds) s ago")
                continue
            }
            ends.append(End(site: site, peer: peer, view: view, age: age))
        }
        guard missing.isEmpty, ends.count == 2 else {
            return LinkStatus(link: link, state: .unknown, reason: missing.joined(separator: "; "))
        }
        return derive(link, ends[0], ends[1])
    }

    private static func derive(_ link: LinkID, _ a: End, _ b: End) -> LinkStatus {
        let ends = [a, b]
        let errors = ends.compactMap { end in end.ike?.lastError.map { "\(end.site): \($0)" } }
        guard ends.contains(where: \.hasChildSA) else {
            let trying = ends.contains { $0.ike?.state == .connecting || $0.ike?.state == .established }
            // An attempt that has failed is told as down, also while the next is on its way.
            let state: LinkState = errors.isEmpty && trying ? .connecting : .down
            let plain = trying ? "no child SA yet" : "no child SA, and none is being made"
            return LinkStatus(link: link, state: state, reason: errors.isEmpty ? plain : errors.joined(separator: "; "))
        }
        if let lacking = ends.first(where: { !$0.hasChildSA }) {
            let reasons = ["\(lacking.site): has no child SA, its peer has one"] + errors
            return LinkStatus(link: link, state: .degraded, reason: reasons.joined(separator: "; "))
        }
        var faults = [(a, b), (b, a)].compactMap { sender, receiver in
            sender.outbound.isDisjoint(with: receiver.inbound)
                ? "SPIs differ: \(sender.site) sends on \(text(sender.outbound)), \(receiver.site) receives on \(text(receiver.inbound))"
                : nil
        }
        faults += ends.filter { !$0.interfaceIsUp }.map { "\($0.site): the tunnel's interface is not up" }
        let answered = ends.filter(\.probeAnswered)
        if answered.isEmpty { faults.append("no probe answered: " + ends.map(probeText).joined(separator: ", ")) }
        let roundTrip = answered.compactMap { $0.probe?.roundTripMilliseconds }.min()
        guard faults.isEmpty else {
            let reason = (faults + errors).joined(separator: "; ")
            return LinkStatus(link: link, state: .degraded, reason: reason, roundTripMilliseconds: roundTrip)
        }
        var remarks = (answered.count == 1 ? ends.filter { !$0.probeAnswered } : []).map {
            "proven by \(answered[0].site)'s probe alone; \(probeText($0))"
        }
        remarks += ends.filter { $0.ike?.runsAsPreferred == false }.map {
            "\($0.site) prefers another way than the one that it runs" + ($0.ike?.lastError.map { ": \($0)" } ?? "")
        }
        return LinkStatus(
            link: link, state: .up, reason: remarks.isEmpty ? nil : remarks.joined(separator: "; "),
            roundTripMilliseconds: roundTrip)
    }

    private static func text(_ spis: Set<SPI>) -> String { spis.sorted().map(\.description).joined(separator: ", ") }

    private static func probeText(_ end: End) -> String {
        guard let probe = end.probe, probe.sent > 0 else { return "\(end.site) has sent none" }
        guard let ago = probe.lastAnswerSecondsAgo else { return "\(end.site) has sent \(probe.sent), none answered" }
        return "\(end.site)'s last answer came \(Int64(clamping: Int(min(ago + end.age.inSeconds, 1e9)))) s ago"
    }
}

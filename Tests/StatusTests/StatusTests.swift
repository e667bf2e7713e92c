import Testing
import WarrenModel
import WarrenPlan
import WarrenStatus

@Suite struct LinkStatusTests {
    let a = SiteName("berlin")!, b = SiteName("tokyo")!
    let link = LinkID(SiteName("berlin")!, SiteName("tokyo")!)!
    let now = MonotonicTime(nanoseconds: 100_000_000_000)
    let outer = AddressPair(local: IPAddress("203.0.113.1")!, remote: IPAddress("203.0.113.2")!)

    /// A report of a gateway whose link is well.
    func report(_ site: SiteName, _ peer: SiteName, out: UInt32, in inbound: UInt32) -> AgentReport {
        let associations = [(SecurityPolicy.Direction.outbound, out), (.inbound, inbound)].map { direction, spi in
            SAReport(
                peer: peer, direction: direction, spi: SPI(rawValue: spi), encryption: .aes256gcm16,
                extendedSequenceNumbers: true,
                mode: .tunnel, outer: outer, ageSeconds: 1, packets: 1, bytes: 1, rekeyInSeconds: 1)
        }
        let tunnel = GIFTunnel(peer: peer, interface: "gif1", outer: outer, inner: outer, mtu: 1400, mode: .tunnel)
        return AgentReport(
            site: site, agentVersion: "1", version: StateVersion(generation: Generation(rawValue: 1)),
            tunnels: [TunnelReport(tunnel: tunnel, isUp: true)],
            securityAssociations: associations, ike: [IKEReport(peer: peer, state: .established)],
            probes: [ProbeReport(peer: peer, lastAnswerSecondsAgo: 1, roundTripMilliseconds: 10, sent: 5, answered: 5)])
    }

    private func derive(
        agesSeconds: (Int, Int) = (1, 1), _ change: (inout AgentReport, inout AgentReport) -> Void = { _, _ in }
    ) -> LinkStatus {
        var first = report(a, b, out: 1000, in: 2000), second = report(b, a, out: 2000, in: 1000)
        change(&first, &second)
        let observations = [
            a: AgentObservation(connected: true, report: first, arrived: now + .seconds(-agesSeconds.0)),
            b: AgentObservation(connected: true, report: second, arrived: now + .seconds(-agesSeconds.1)),
        ]
        return LinkStatus.derive(link, from: observations, now: now)
    }

    @Test func up() {
        #expect(derive() == LinkStatus(link: link, state: .up, roundTripMilliseconds: 10))
    }

    @Test func oneDirectionOfProbesIsEnoughAndTold() {
        let status = derive { _, second in second.probes[0].lastAnswerSecondsAgo = nil }
        #expect(status.state == .up)
        #expect(status.reason == "proven by berlin's probe alone; tokyo has sent 5, none answered")
    }

    @Test func withoutProbesDegraded() {
        let status = derive { first, second in
            first.probes = []
            second.probes[0].lastAnswerSecondsAgo = 30
        }
        #expect(status.state == .degraded)
        #expect(status.reason == "no probe answered: berlin has sent none, tokyo's last answer came 31 s ago")
    }

    @Test func aProbesAgeCountsFromTheReport() {
        #expect(derive(agesSeconds: (5, 5)).state == .degraded)
        #expect(derive(agesSeconds: (4, 5)).state == .up)
    }

    @Test func staleReportUnknown() {
        let status = derive(agesSeconds: (10, 1))
        #expect(status.state == .unknown)
        #expect(status.reason == "berlin: last report 10 s ago")
    }

    @Test func silentSitesUnknown() {
        let observations = [a: AgentObservation(connected: true)]
        let status = LinkStatus.derive(link, from: observations, now: now)
        #expect(
            status
                == LinkStatus(
                    link: link, state: .unknown, reason: "berlin: has not reported yet; tokyo: no agent is connected"))
    }

    @Test func spisMustCross() {
        let status = derive { first, _ in first.securityAssociations[0].spi = SPI(rawValue: 7000) }
        #expect(status.state == .degraded)
        #expect(status.reason == "SPIs differ: berlin sends on 0x00001b58, tokyo receives on 0x000003e8")
    }

    /// While a child SA is rekeyed both generations stand: one crossing pair in each direction is enough.
    @Test func rekeyingIsUp() {
        let status = derive { first, second in
            var fresh = first.securityAssociations[0]
            fresh.spi = SPI(rawValue: 3000)
            first.securityAssociations.append(fresh)
            fresh.direction = .inbound
            second.securityAssociations.append(fresh)
        }
        #expect(status.state == .up)
    }

    /// It carries packets, so it is up; that it runs as an end no longer prefers is told.
    @Test func onAlternativeIsUp() {
        let status = derive { first, _ in
            first.ike[0].runsAsPreferred = false
            first.ike[0].lastError = "no answer to IKE_SA_INIT"
        }
        #expect(status.state == .up)
        #expect(status.reason == "berlin prefers another way than the one that it runs: no answer to IKE_SA_INIT")
        #expect(derive { first, _ in first.ike[0].runsAsPreferred = true }.reason == nil)
    }

    @Test func interfaceDownDegraded() {
        #expect(derive { _, second in second.tunnels[0].isUp = false }.reason == "tokyo: the tunnel's interface is not up")
    }

    @Test func aTunnelTooNarrowForItsMTU() {
        let status = derive { first, _ in first.probes[0].pathMTU = 1280 }
        #expect(status.state == .degraded)
        #expect(status.reason == "berlin: packets of more than 1280 bytes are lost, the tunnel's MTU is 1400")
        #expect(derive { first, _ in first.probes[0].pathMTU = 1400 }.state == .up)
    }

    /// Where keys differ, it helps to know who is behind.
    @Test func anErrorBetweenTwoGenerations() {
        let status = derive { first, second in
            first.securityAssociations = []
            second.securityAssociations = []
            first.version = StateVersion(generation: Generation(rawValue: 2))
            second.ike[0].lastError = "AUTHENTICATION_FAILED: key"
        }
        #expect(status.reason == "tokyo has no child SA: AUTHENTICATION_FAILED: key; berlin runs generation 2, tokyo runs 1")
    }

    @Test func oneEndWithoutChildSA() {
        let status = derive { first, _ in first.securityAssociations = [] }
        #expect(status.state == .degraded)
        #expect(status.reason == "berlin has no child SA, its peer has one")
    }

    @Test(
        arguments: [
            (IKEReport.State.connecting, nil, LinkState.connecting, "no child SA yet"),
            (.idle, nil, .down, "no child SA, and none is being made"),
            (.connecting, "AUTHENTICATION_FAILED: key", .down, "tokyo has no child SA: AUTHENTICATION_FAILED: key"),
        ] as [(IKEReport.State, String?, LinkState, String)])
    func withoutChildSA(ike: IKEReport.State, error: String?, state: LinkState, reason: String) {
        let status = derive { first, second in
            first.securityAssociations = []
            second.securityAssociations = []
            first.ike = []
            second.ike = [IKEReport(peer: a, state: ike, lastError: error)]
        }
        #expect(status.state == state)
        #expect(status.reason == reason)
    }
}

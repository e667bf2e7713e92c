import Testing
import WarrenModel
import WarrenStatus

@testable import WarrenCLI

@Suite struct StatusTextTests {
    /// A status that says nothing new gives no line.
    @Test func progressIsToldOnce() throws {
        let lines = ProgressLines(towards: Generation(rawValue: 2))
        var status = try makeStatus()
        #expect(lines.next(status) != nil)
        for index in status.links.indices { status.links[index].roundTripMilliseconds = 9.5 }
        #expect(lines.next(status) == nil)
        for index in status.sites.indices { status.sites[index].applied = .none }
        #expect(lines.next(status) != nil)
    }

    private func makeStatus() throws -> MeshStatus {
        let berlin = try #require(SiteName("berlin")), lima = try #require(SiteName("lima")),
            tokyo = try #require(SiteName("tokyo"))
        let second = Generation(rawValue: 2)
        return MeshStatus(
            mesh: "acme", generation: second,
            sites: [
                SiteStatus(site: berlin, connected: true, lastReportSecondsAgo: 1, applied: second),
                SiteStatus(site: lima, connected: true, lastReportSecondsAgo: 1, applied: Generation(rawValue: 1)),
                SiteStatus(
                    site: tokyo, connected: false, lastReportSecondsAgo: 42, applied: second,
                    drift: ["route 10.0.0.0/8 is missing"]),
            ],
            links: [
                LinkStatus(link: try #require(LinkID(berlin, lima)), state: .up, roundTripMilliseconds: 0.256),
                LinkStatus(link: try #require(LinkID(berlin, tokyo)), state: .down, reason: "no security association"),
                LinkStatus(link: try #require(LinkID(lima, tokyo)), state: .unknown, reason: "tokyo's report is 42 s old"),
            ])
    }

    @Test func theMatrixIsReadableWithoutColour() throws {
        let expected = """
            mesh acme, generation 2

                site    agent  gen  1       2       3
            1   berlin  on     2    ·       up 0.26 DWN
            2   lima    on     1    up 0.26 ·       ?
            3   tokyo   off    2    DWN     ?       ·

            up: proven by both ends and a probe   dgr: degraded   con: connecting   DWN: down   ?: no fresh report

            lima: runs generation 1, not 2 yet
            tokyo: its agent is not connected, last report 42 s ago
            tokyo: drift: route 10.0.0.0/8 is missing
            berlin - tokyo: down: no security association
            lima - tokyo: unknown: tokyo's report is 42 s old

            1 of 3 links up

            """
        #expect(StatusText.table(try makeStatus(), colour: false) == expected)
    }

    @Test func colourOnlyWhereAsked() throws {
        #expect(StatusText.table(try makeStatus(), colour: true).contains("\u{1B}[31mDWN"))
        #expect(!StatusText.table(try makeStatus(), colour: false).contains("\u{1B}"))
    }

    @Test func progressCountsGatewaysAndLinks() throws {
        #expect(
            StatusText.progress(of: try makeStatus(), towards: Generation(rawValue: 2))
                == "generation 2: 2 of 3 gateways, 1 of 3 links up (waiting for lima)")
    }

    @Test(arguments: [
        (0.0, "0.00"), (0.256, "0.26"), (12.3, "12.30"), (99.999, "100.00"), (250.7, "250"), (.nan, "-"), (-1, "-"),
        (.infinity, "-"),
    ])
    func milliseconds(value: Double, text: String) {
        #expect(StatusText.milliseconds(value) == text)
    }

    @Test(arguments: [("90s", 90), ("15m", 900), ("1h", 3600), ("2d", 172_800), ("30", 30)] as [(String, UInt32)])
    func timeSpans(text: String, seconds: UInt32) {
        #expect(TimeSpan(argument: text)?.seconds == seconds)
    }

    @Test(arguments: ["", "h", "0", "-1", "1w", "1.5h", "4294967296", "99999999d", "１h"])
    func whatIsNoTimeSpan(text: String) {
        #expect(TimeSpan(argument: text) == nil)
    }
}

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

    /// In a roll-out to generation 5 that does not touch berlin: lima tries its first state, tokyo waits for its turn.
    private func inRollout() throws -> MeshStatus {
        var status = try makeStatus()
        let fourth = StateVersion(generation: Generation(rawValue: 4), revision: 2)
        status.generation = Generation(rawValue: 5)
        status.isRollingOut = true
        for index in status.sites.indices {
            status.sites[index].connected = true
            status.sites[index].drift = []
            status.sites[index].applied = fourth.generation
            status.sites[index].version = fourth
            status.sites[index].intended = fourth
        }
        status.sites[1].intended = StateVersion(generation: Generation(rawValue: 5), revision: 1)
        return status
    }

    @Test func duringARollOutEachGatewayShowsWhatItRuns() throws {
        var status = try inRollout()
        var text = StatusText.table(status, colour: false)
        #expect(text.hasPrefix("mesh acme, roll-out to generation 5 under way\n"))
        #expect(text.contains("berlin  on     4.2  ·"))
        #expect(text.contains("\nlima: runs 4.2, is to run 5.1; roll-out to 5 under way\n"))
        #expect(!text.contains("berlin: ") && !text.contains("tokyo: runs"))
        #expect(text.hasSuffix("\nroll-out to generation 5 under way: 0 of 3 gateways run a state of it, 1 of 3 links up\n"))
        status.sites[1].version = status.sites[1].intended
        status.sites[1].applied = status.generation
        status.sites[1].isOnTrial = true
        text = StatusText.table(status, colour: false)
        #expect(text.contains("lima    on     5.1*") && text.contains("* on trial"))
        #expect(!text.contains("lima: runs"))
        status.sites[1].isOnTrial = false
        #expect(StatusText.table(status, colour: false).contains("1 of 3 gateways run a state of it"))
    }

    /// What the change did not touch is of the generation nevertheless.
    @Test func afterARollOutEveryGatewayIsOfItsGeneration() throws {
        var status = try inRollout()
        status.sites[1].version = status.sites[1].intended
        status.sites[1].applied = status.generation
        status.isRollingOut = false
        for index in status.links.indices { status.links[index].state = .up }
        let text = StatusText.table(status, colour: false)
        #expect(text.contains("berlin  on     5 ") && text.contains("lima    on     5 ") && text.contains("tokyo   on     5 "))
        #expect(text.hasSuffix("\n3 of 3 links up, every gateway as planned\n"))
        #expect(StatusText.progress(of: status, towards: status.generation) == "generation 5: 3 of 3 gateways, 3 of 3 links up")
    }

    @Test func aLinkThatWaitsIsListedWithItsReason() throws {
        var status = try makeStatus()
        status.links[0] = LinkStatus(
            link: status.links[0].link, state: .waiting, reason: "waits for the address of lima, which its agent tells")
        let text = StatusText.table(status, colour: false)
        #expect(text.contains("1   berlin  on     2    ·       ◌ wait  ✗ DOWN"))
        #expect(text.contains("◌ waits for an address   ? no fresh report"))
        #expect(text.contains("\nberlin - lima: waits for the address of lima, which its agent tells\n"))
        #expect(text.hasSuffix("\n0 of 3 links up, 1 waiting for an address\n"))
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
            1   berlin  on     2    ·       ● 0.26  ✗ DOWN
            2   lima    on     1    ● 0.26  ·       ?
            3   tokyo   off    2    ✗ DOWN  ?       ·

            ● up: proven by both ends and a probe   ? no fresh report   ✗ down

            lima: runs 1, is to run 2
            tokyo: its agent is not connected, last report 42 s ago; 1 of its links is unknown
            tokyo: drift: route 10.0.0.0/8 is missing
            berlin - tokyo: down: no security association

            1 of 3 links up

            """
        #expect(StatusText.table(try makeStatus(), colour: false) == expected)
    }

    @Test func colourOnlyWhereAsked() throws {
        #expect(StatusText.table(try makeStatus(), colour: true).contains("\u{1B}[31m✗ DOWN"))
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

import Testing
import WarrenModel
import WarrenStatus

@testable import WarrenCLI

/// How a mesh of any size is shown.
@Suite struct StatusLayoutTests {
    /// A full mesh of so many sites, all up but the links that are named otherwise; every third site is tagged 'hub'.
    static func mesh(_ count: Int, _ states: [Int: LinkState] = [:]) throws -> MeshStatus {
        let names = try (0..<count).map { try #require(SiteName("site-\($0 < 10 ? "00" : $0 < 100 ? "0" : "")\($0)")) }
        let generation = Generation(rawValue: 7)
        var links: [LinkStatus] = []
        for (index, name) in names.enumerated() {
            for other in names[(index + 1)...] {
                let state = states[links.count] ?? .up
                links.append(
                    LinkStatus(link: try #require(LinkID(name, other)), state: state, reason: state == .up ? nil : "for a test")
                )
            }
        }
        var status = MeshStatus(
            mesh: "acme", generation: generation,
            sites: names.map { SiteStatus(site: $0, connected: true, lastReportSecondsAgo: 1, applied: generation) },
            links: links)
        let tags = Dictionary(
            uniqueKeysWithValues: names.enumerated().map { ($1, $0 % 3 == 0 ? ["hub"] : $0 % 3 == 1 ? ["leaf"] : []) })
        let places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
        status.groups = MeshGroups(
            sites: status.sites, tags: tags,
            links: links.map { (places[$0.link.first] ?? 0, places[$0.link.second] ?? 0, $0.state) })
        return status
    }

    private func text(_ status: MeshStatus, columns: Int?, all: Bool = false) -> String {
        StatusText.table(status, .init(columns: columns, showsAll: all))
    }

    @Test func fiveSitesAreShownInWords() throws {
        let text = text(try Self.mesh(5, [0: .down]), columns: 80)
        #expect(text.contains("1   site-000  on     7    ·       ✗ DOWN  ●"))
    }

    /// A glyph for each link where words do not fit; the numbers above them are read from the top down.
    @Test func thirtySitesAreShownInGlyphs() throws {
        let lines = text(try Self.mesh(30, [1: .degraded]), columns: 100).split(separator: "\n").map(String.init)
        #expect(lines[1].hasSuffix("1 1 1 1 1 1 1 1 1 1 2 2 2 2 2 2 2 2 2 2 3"))
        #expect(lines[3].contains("site-000  on     7    · ● ▲ ● "))
        #expect(lines.allSatisfy { $0.count <= 100 })
    }

    @Test func twoHundredSitesAreShownByTheirTags() throws {
        let status = try Self.mesh(200, [0: .down, 5: .unknown])
        let text = text(status, columns: 100)
        #expect(text.contains("tag       agents  hub"))
        #expect(text.contains("(no tag)  66/66"))
        #expect(text.contains("✗ 4488/4489"))
        #expect(text.contains("\nsite-000 - site-001: down: for a test\nsite-000 - site-006: unknown: for a test\n"))
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 })
        #expect(text.hasSuffix("19898 of 19900 links up\n"))
        // Every site is there for whoever insists.
        #expect(self.text(status, columns: 100, all: true).contains("200 site-199"))
    }

    @Test func tagsThatDoNotFitAreSummedUp() throws {
        let text = text(try Self.mesh(200, [0: .down]), columns: 40)
        #expect(text.contains("tag       agents  links"))
    }

    /// A hundred faults are not a hundred lines, unless they are asked for.
    @Test func muchThatIsNotWellIsCounted() throws {
        var status = try Self.mesh(60, Dictionary(uniqueKeysWithValues: (0..<100).map { ($0, .down) }))
        #expect(text(status, columns: 300).contains("… 60 more of links: --site NAME or --tag TAG shows fewer"))
        status.sites[59].connected = false
        for index in status.links.indices where status.links[index].link.contains(status.sites[59].site) {
            status.links[index].state = .unknown
        }
        let folded = text(status, columns: 300)
        #expect(folded.contains("site-059: its agent is not connected, last report 1 s ago; 59 of its links are unknown"))
        #expect(!folded.contains("site-059: unknown"))
    }

    /// Where the answer holds only the counts.
    @Test func linksThatWereNotSentAreCountedAsWell() throws {
        var status = try Self.mesh(100)
        status.counts = MeshCounts(links: [.up: 4000, .down: 950], sites: 100, connectedSites: 100)
        status.links = []
        let text = text(status, columns: 80)
        #expect(text.contains("… 950 more of links") && text.hasSuffix("4000 of 4950 links up\n"))
        #expect(!status.isWell)
    }

    @Test func oneSiteIsShownWithItsLinks() throws {
        var status = try Self.mesh(3)
        status.links = Array(status.links.prefix(2))
        status.links[0].roundTripMilliseconds = 12.3
        status.links[0].lossPercent = 2.5
        status.links[0].receivedBitsPerSecond = 3_400_000
        status.links[0].sinceSeconds = 7300
        let text = StatusText.table(status, .init(columns: 80, site: status.sites[0].site))
        #expect(text.contains("to        state  for  rtt ms  loss   in        out  mtu  changes/h"))
        #expect(text.contains("site-001  ● up   2 h  12.30   2.5 %  3.4 Mb/s  -    -    -"))
    }

    @Test func everyStateHasAGlyphOfItsOwn() {
        #expect(Set(LinkState.allCases.map(\.glyph)).count == LinkState.allCases.count)
        #expect(LinkState.worstFirst.count == LinkState.allCases.count)
        #expect(Set(LinkState.worstFirst) == Set(LinkState.allCases))
    }

    @Test(arguments: [
        (0.0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h"), (172_800, "2 d"), (.nan, "0 s"),
    ])
    func spansAreShort(seconds: Double, text: String) { #expect(StatusText.span(seconds: seconds) == text) }

    @Test(arguments: [
        (0 as UInt64, "0 b/s"), (950, "950 b/s"), (12_000, "12 kb/s"), (3_400_000, "3.4 Mb/s"), (.max, "18446744074 Gb/s"),
    ])
    func ratesAreShort(rate: UInt64, text: String) { #expect(StatusText.rate(bitsPerSecond: rate) == text) }
}

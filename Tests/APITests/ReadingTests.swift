import Foundation
import NIOCore
import Testing
import WarrenAPIModel
import WarrenModel
import WarrenStatus

@testable import WarrenAPI

/// What is read of links, gateways, addresses and events, of a mesh whose agents are yet to come.
@Suite struct ReadingTests {
    @Test func theStatusAsFarAsItIsAskedFor() async throws {
        try await APITests.with { server in
            #expect(try await server.call(.POST, "/v1/generations", StreamedAnswerTests.inventory(sites: 10)).status == 201)
            let whole: MeshStatus = try await server.call(.GET, "/v1/status").decoded()
            #expect(whole.links.count == 45 && whole.counts?.links == [.unknown: 45] && whole.counts?.sites == 10)
            let none: MeshStatus = try await server.call(.GET, "/v1/status?links=none").decoded()
            #expect(none.links.isEmpty && none.sites.count == 10 && none.counts?.unwellLinks == 45 && !none.isWell)
            let unwell: MeshStatus = try await server.call(.GET, "/v1/status?links=unwell").decoded()
            #expect(unwell.links.count == 45)
            let site = whole.sites[3].site
            let one: MeshStatus = try await server.call(.GET, "/v1/status?site=\(site)").decoded()
            #expect(one.links.count == 9 && one.links.allSatisfy { $0.link.contains(site) } && one.sites.map(\.site) == [site])
            #expect(try await server.call(.GET, "/v1/status?links=some").status == 400)
            #expect(try await server.call(.GET, "/v1/status?site=nowhere").status == 404)
            let tagged: MeshStatus = try await server.call(.GET, "/v1/status?tag=none-has-it").decoded()
            #expect(tagged.links.isEmpty && tagged.sites.isEmpty)
        }
    }

    @Test func linksGatewaysAndAddresses() async throws {
        try await APITests.with { server in
            _ = try await server.call(.POST, "/v1/generations", APITests.apply)
            let link: APIMessage.LinkDetails = try await server.call(.GET, "/v1/links/berlin--tokyo").decoded()
            #expect(link.status.state == .unknown && link.ends.map(\.site.description) == ["berlin", "tokyo"])
            #expect(link.ends.allSatisfy { !$0.connected && $0.reportSecondsAgo == nil && $0.securityAssociations.isEmpty })
            let gateway: APIMessage.GatewayDetails = try await server.call(.GET, "/v1/gateways/tokyo").decoded()
            #expect(gateway.outerAddresses.map(\.description) == ["198.18.0.2"] && gateway.index == 2)
            #expect(gateway.links.count == 1 && gateway.certificateExpiresAt == nil && gateway.report == nil)
            let addresses: APIMessage.Addresses = try await server.call(.GET, "/v1/addresses").decoded()
            #expect(addresses.sites.flatMap(\.networks).map(\.real.description) == ["192.168.1.0/24", "192.168.2.0/24"])
            #expect(addresses.overlaps.isEmpty && addresses.space?.collisions == 0)
            let samples: APIMessage.LinkSamples = try await server.call(
                .GET, "/v1/links/berlin--tokyo/samples?since=2026-01-31T12:00:00Z&step=60"
            ).decoded()
            #expect(samples.samples.isEmpty && samples.stepSeconds == 900)
            for (path, status) in [
                ("/v1/links/tokyo--berlin", 400), ("/v1/links/x", 400), ("/v1/links/berlin--lima", 404),
                ("/v1/links/berlin--lima/samples", 404), ("/v1/links/berlin--tokyo/samples?step=0", 400),
                ("/v1/links/berlin--tokyo/samples?since=yesterday", 400), ("/v1/gateways/lima", 404),
                ("/v1/gateways/..", 400),
            ] {
                #expect(try await server.call(.GET, path).status == status, "\(path)")
            }
        }
    }

    @Test func theEventsThatAreAskedFor() async throws {
        try await APITests.with { server in
            _ = try await server.call(.POST, "/v1/generations", APITests.apply)
            for site in ["berlin", "tokyo", "berlin"] {
                _ = try await server.call(.POST, "/v1/tokens", #"{"site": "\#(site)", "lifetimeSeconds": 60}"#)
            }
            func numbers(_ query: String) async throws -> [UInt64] {
                let events: [APIMessage.Event] = try await server.call(.GET, "/v1/events?\(query)").decoded()
                return events.map(\.number)
            }
            #expect(try await numbers("") == [1, 2, 3, 4])
            #expect(try await numbers("since=2") == [3, 4])
            #expect(try await numbers("limit=2") == [3, 4])
            #expect(try await numbers("since=0&limit=2") == [1, 2])
            #expect(try await numbers("site=berlin") == [2, 4])
            #expect(try await numbers("kind=generation-accepted&limit=5") == [1])
            #expect(try await numbers("since=2020-01-01T00:00:00.5Z&site=tokyo") == [3])
            #expect(try await numbers("since=2999-01-01T00:00:00Z") == [])
            #expect(try await numbers("link=berlin--tokyo") == [])
            for query in ["since=soon", "limit=0", "kind=nothing", "site=A!", "link=a"] {
                #expect(try await server.call(.GET, "/v1/events?\(query)").status == 400, "\(query)")
            }
        }
    }

    /// The hand-made encoder says what the library's decoder takes for the same.
    @Test func aLinksJSON() throws {
        let berlin = try #require(SiteName("berlin")), tokyo = try #require(SiteName("tokyo"))
        let link = try #require(LinkID(berlin, tokyo))
        let full = LinkStatus(
            link: link, state: .degraded, reason: "say \"no\" \\ \u{1}\n é", roundTripMilliseconds: 0.000012,
            sinceSeconds: 1e9, flaps: 3, isFlapping: true, isHeld: true, lossPercent: 12.5, pathMTU: 1400,
            receivedBitsPerSecond: 7,
            sentBitsPerSecond: .max)
        for status in [full, LinkStatus(link: link, state: .up), LinkStatus(link: link, state: .down, lossPercent: .nan)] {
            var buffer = ByteBuffer()
            buffer.writeJSON(status)
            let read = try JSONDecoder().decode(LinkStatus.self, from: Data(buffer.readableBytesView))
            var expected = status
            if expected.lossPercent?.isNaN == true { expected.lossPercent = nil }
            #expect(read == expected)
        }
    }
}

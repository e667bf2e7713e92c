import DataPlane
import Foundation
import NIOCore
import NIOPosix
import Testing
import WarrenMetrics
import WarrenModel

@testable import AgentRuntime

@Suite struct MetricsTests {
    @Test func aReportAsMetrics() throws {
        let site = try #require(SiteName("berlin")), peer = try #require(SiteName("tokyo"))
        let report = AgentReport(
            site: site, agentVersion: "1", version: StateVersion(generation: Generation(rawValue: 7)),
            ike: [IKEReport(peer: peer, state: .established)],
            probes: [
                ProbeReport(
                    peer: peer, roundTripMilliseconds: 12.5, sent: 60, answered: 57, lossPercent: 5, pathMTU: 1400)
            ], drift: ["x"])
        let text = MetricsPage(report).text
        for line in [
            "warren_agent_generation{site=\"berlin\"} 7", "warren_agent_drift_items{site=\"berlin\"} 1",
            "warren_ike_established{site=\"berlin\",peer=\"tokyo\"} 1",
            "warren_probe_requests_total{site=\"berlin\",peer=\"tokyo\"} 60",
            "warren_probe_rtt_seconds{site=\"berlin\",peer=\"tokyo\"} 0.0125",
            "warren_probe_loss_ratio{site=\"berlin\",peer=\"tokyo\"} 0.05",
        ] { #expect(text.contains(line + "\n"), "\(line)") }
    }

    /// Real requests of one connection each, as text.
    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            ("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK", true),
            ("HEAD /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK", false),
            ("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 404 Not Found", false),
            ("POST /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 405", false),
            ("nonsense\r\n\r\n", "HTTP/1.1 400 Bad Request", false),
        ]) func isServed(request: String, status: String, hasMetrics: Bool) async throws
    {
        let folder = try TemporaryDirectory()
        let agent = Agent(
            site: Mesh.berlin, driver: FakeDataPlaneDriver(), directory: try StateDirectory(path: folder.path("agent")),
            log: Mesh.quiet)
        let listener = MetricsListener(
            agent: agent, endpoint: Endpoint(address: IPAddress(v4: 0x7f00_0001), port: 0), log: Mesh.quiet)
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await listener.run { port.yield($0) } }
            var iterator = ports.makeAsyncIterator()
            let number = try #require(await iterator.next())
            let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .connect(host: "127.0.0.1", port: number) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                    }
                }
            let answer = try await channel.executeThenClose { inbound, outbound in
                try await outbound.write(ByteBuffer(string: request))
                var text = ""
                for try await piece in inbound { text += String(buffer: piece) }
                return text
            }
            #expect(answer.hasPrefix(status), "\(answer.prefix(80))")
            #expect(answer.contains("warren_agent_build_info{site=\"berlin\"") == hasMetrics)
            group.cancelAll()
        }
    }
}

import Foundation
import Synchronization
import Testing
import WarrenMetrics
import WarrenModel
import WarrenStatus

@testable import WarrenAPI
@testable import WarrenController

/// What is told to Prometheus, judged by its own promtool.
@Suite struct MonitoringTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Agents/Service/prometheus")

    private static let promtoolPath: String? = ["/usr/bin/promtool", "/usr/local/bin/promtool"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    /// What promtool says, and whether it is content.
    private func promtool(_ arguments: [String], input: String = "") throws -> (status: Int32, text: String) {
        let process = Process(), output = Pipe(), inputPipe = Pipe()
        process.executableURL = URL(filePath: try #require(Self.promtoolPath))
        process.arguments = arguments
        process.currentDirectoryURL = Self.folder
        (process.standardInput, process.standardOutput, process.standardError) = (inputPipe, output, output)
        try process.run()
        try inputPipe.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try inputPipe.fileHandleForWriting.close()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    /// The metrics of two sites with a link that is up.
    private func metrics() async throws -> String {
        let berlin = try #require(SiteName("berlin")), tokyo = try #require(SiteName("tokyo"))
        let link = try #require(LinkID(berlin, tokyo))
        let taken = Mutex<Controller.MetricsSnapshot?>(nil)
        try await APITests.with { server in
            _ = try await server.call(.POST, "/v1/generations", APITests.apply)
            let answer = try await server.call(.GET, "/metrics")
            #expect(answer.status == 200 && answer.type == MetricsPage.contentType)
            #expect(String(decoding: answer.body, as: UTF8.self).contains("warren_links{state=\"unknown\"} 1\n"))
            let snapshot = try await server.controller.metrics(mostLinks: 10)
            taken.withLock { $0 = snapshot }
        }
        var full = try #require(taken.withLock { $0 })
        full.links = [
            LinkStatus(
                link: link, state: .up, roundTripMilliseconds: 12.5, sinceSeconds: 3, lossPercent: 2, pathMTU: 1400)
        ]
        let outer = AddressPair(local: try #require(IPAddress("198.18.0.1")), remote: try #require(IPAddress("198.18.0.2")))
        let tunnel = GIFTunnel(peer: tokyo, interface: "gif2", outer: outer, inner: outer, mtu: 1400, mode: .tunnel)
        let association = SAReport(
            peer: tokyo, direction: .inbound, spi: SPI(rawValue: 4096), encryption: .aes256gcm16,
            extendedSequenceNumbers: true, mode: .tunnel, outer: outer, ageSeconds: 60, packets: 1, bytes: 1,
            rekeyInSeconds: 600)
        full.reports = [
            berlin: [
                tokyo: .init(
                    tunnel: TunnelReport(
                        tunnel: tunnel, isUp: true, receivedPackets: 3, receivedBytes: 123_456_789_012, sentPackets: 4,
                        sentBytes: 5), associations: [association])
            ]
        ]
        full.certificateEnds = [berlin: Date(timeIntervalSince1970: 1_900_000_000.25)]
        full.status.sites[0].lastReportSecondsAgo = 1.5
        full.status.sites[0].connected = true
        return MeshMetrics.text(of: full)
    }

    @Test func metricsSayWhatTheyCount() async throws {
        let text = try await metrics()
        for line in [
            "warren_link_up{link=\"berlin--tokyo\"} 1", "warren_link_rtt_seconds{link=\"berlin--tokyo\"} 0.0125",
            "warren_link_loss_ratio{link=\"berlin--tokyo\"} 0.02",
            "warren_tunnel_receive_bytes_total{site=\"berlin\",peer=\"tokyo\"} 123456789012",
            "warren_sa_active{site=\"berlin\",peer=\"tokyo\",direction=\"in\"} 1",
            "warren_sa_active{site=\"berlin\",peer=\"tokyo\",direction=\"out\"} 0",
            "warren_certificate_expiry_timestamp_seconds{site=\"berlin\"} 1900000000.25",
            "warren_config_generation{state=\"current\"} 1", "warren_rollout_generation 1",
        ] { #expect(text.contains(line + "\n"), "\(line)") }
        #expect(text.contains("process_resident_memory_bytes "))
    }

    @Test(.enabled(if: promtoolPath != nil)) func promtoolTakesTheMetrics() async throws {
        let verdict = try promtool(["check", "metrics"], input: try await metrics())
        #expect(verdict.status == 0 && verdict.text.isEmpty, "\(verdict.text)")
    }

    @Test(
        .enabled(if: promtoolPath != nil),
        arguments: [
            ["check", "rules", "--lint-fatal", "warren.rules.yml"], ["test", "rules", "warren.rules.test.yml"],
        ])
    func promtoolTakesTheRules(arguments: [String]) throws {
        let verdict = try promtool(arguments)
        #expect(verdict.status == 0, "\(verdict.text)")
    }

    /// Alerts and dashboard speak of metrics that there are.
    @Test func nothingIsWatchedThatIsNotThere() async throws {
        let told = Set(try await metrics().matches(of: /# TYPE (\w+)/).map { String($0.1) })
        #expect(told.count > 30)
        for name in ["warren.rules.yml", "warren-dashboard.json", "README.md"] {
            let text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
            for match in text.matches(of: /\b(warren|process)_[a-z_]+[a-z]\b/) {
                let metric = String(match.0)
                #expect(told.contains(metric) || told.contains { $0.hasPrefix(metric + "_") }, "\(name): \(metric)")
            }
        }
        _ = try JSONSerialization.jsonObject(
            with: Data(contentsOf: Self.folder.appending(path: "warren-dashboard.json")))
    }

    @Test func textIsEscaped() {
        var page = MetricsPage()
        page.gauge("a", "one\\two\nthree \"four\"", .infinity, labels: ["x": "q\"\\\n"])
        page.gauge("a", "", 0.5)
        #expect(page.text == "# HELP a one\\\\two\\nthree \"four\"\n# TYPE a gauge\na{x=\"q\\\"\\\\\\n\"} +Inf\na 0.5\n")
    }
}

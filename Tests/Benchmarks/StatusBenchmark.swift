import Foundation
import WarrenInventory
import WarrenModel
import WarrenPlan
import WarrenStatus

/// What is known of a full mesh's links: a report against itself at twice the size, and a look at what is not well against deriving
/// the state of every link anew.
enum StatusBenchmark {
    static func run() throws -> [BenchmarkResult] {
        let (small, large) = (Mesh(sites: 250), Mesh(sites: 500))
        let times = [small, large].map { mesh in
            var tracker = mesh.tracker
            return medianSeconds(runs: 9) { _ = tracker.take(mesh.reports[0], now: mesh.now) }
        }
        guard large.tracker.statuses(LinkSelection(.unwell), now: large.now).isEmpty else {
            throw BenchmarkError.wrongResult("a link is not up")
        }
        let look = medianSeconds(runs: 9) { _ = large.tracker.statuses(LinkSelection(.unwell), now: large.now) }
        let anew = medianSeconds(runs: 3) { large.deriveAnew() }
        return [
            BenchmarkResult(
                name: "status, a report of 249 links", unit: "ms", warren: times[0] * 1000, peer: times[1] * 1000,
                peerName: "itself with 499 links: 2 is linear in the gateway's links"),
            BenchmarkResult(
                name: "status, unwell of 124,750 links", unit: "ms", warren: look * 1000, peer: anew * 1000,
                peerName: "the state of every link derived anew"),
        ]
    }

    /// A mesh in which every link is up.
    private struct Mesh {
        let links: [LinkID]
        let reports: [AgentReport]
        var tracker = LinkTracker()
        let now = MonotonicTime(nanoseconds: 1_000_000_000_000)

        init(sites: UInt32) {
            let mesh = MeshDerivation(SampleInventory.made(sites: sites))
            let names = mesh.sites
            links = mesh.linkIDs
            reports = names.indices.map { site in Self.report(of: site, among: names) }
            tracker.adopt(LinkLayout(mesh), now: now)
            for report in reports { _ = tracker.take(report, now: now) }
        }

        /// All reports into a fresh tracker: what a look would cost that keeps nothing.
        func deriveAnew() {
            var fresh = tracker
            for report in reports { _ = fresh.take(report, now: now) }
        }

        private static func report(of site: Int, among names: [SiteName]) -> AgentReport {
            let outer = AddressPair(local: IPAddress(v4: 0xc633_6401), remote: IPAddress(v4: 0xc633_6402))
            var report = AgentReport(site: names[site], agentVersion: "1")
            for peer in names.indices where peer != site {
                let tunnel = GIFTunnel(
                    peer: names[peer], interface: "gif\(peer)", outer: outer, inner: outer, mtu: 1400, mode: .tunnel)
                report.tunnels.append(TunnelReport(tunnel: tunnel, isUp: true))
                report.ike.append(IKEReport(peer: names[peer], state: .established))
                report.probes.append(ProbeReport(peer: names[peer], lastAnswerSecondsAgo: 0, roundTripMilliseconds: 7, sent: 1))
                for (direction, from, to) in [(SecurityPolicy.Direction.outbound, site, peer), (.inbound, peer, site)] {
                    report.securityAssociations.append(
                        SAReport(
                            peer: names[peer], direction: direction, spi: SPI(rawValue: UInt32(from * names.count + to + 256)),
                            encryption: .aes256gcm16, extendedSequenceNumbers: true, mode: .tunnel, outer: outer,
                            ageSeconds: 1, packets: 1, bytes: 1, rekeyInSeconds: 1))
                }
            }
            return report
        }
    }
}

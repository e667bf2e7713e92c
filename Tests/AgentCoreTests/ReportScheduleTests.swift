import AgentCore
import Testing
import WarrenModel
import WarrenPlan

struct ReportScheduleTests {
    private let start = MonotonicTime(nanoseconds: 1_000_000_000)
    private var schedule = ReportSchedule()

    private func association(_ direction: SecurityPolicy.Direction, packets: UInt64) -> SAReport {
        SAReport(
            peer: Sample.peer(2), direction: direction, spi: SPI(rawValue: 0x1000), encryption: .aes256gcm16,
            extendedSequenceNumbers: true, mode: .tunnel, outer: .init(local: Sample.outer, remote: Sample.outer(2)),
            ageSeconds: packets, packets: packets, bytes: packets, rekeyInSeconds: 100)
    }

    /// A gateway with one tunnel, all well; `packets` stands for whatever grows.
    private func report(packets: UInt64 = 0, answered: Double? = 0.5) -> AgentReport {
        AgentReport(
            site: Sample.site, agentVersion: "1",
            tunnels: [TunnelReport(tunnel: Sample.tunnel(to: 2, interface: 2), isUp: true, sentPackets: packets)],
            securityAssociations: [association(.inbound, packets: packets), association(.outbound, packets: packets)],
            ike: [IKEReport(peer: Sample.peer(2), state: .established, ageSeconds: packets)],
            probes: [ProbeReport(peer: Sample.peer(2), lastAnswerSecondsAgo: answered, sent: packets, answered: packets)])
    }

    @Test mutating func saysLittleWhileAllIsWell() {
        #expect(report().isWell)
        var sent: [Int] = []
        for second in 0..<10 {
            let report = report(packets: UInt64(second))
            if schedule.shouldSend(report, isChanging: false, now: start + .seconds(second)) { sent.append(second) }
        }
        #expect(sent == [0, 3, 6, 9])
    }

    @Test mutating func repeatsEachSecondWhileSomethingIsWrong() {
        let down = report(answered: nil)
        #expect(!down.isWell)
        #expect(schedule.shouldSend(down, isChanging: false, now: start) == true)
        #expect(schedule.shouldSend(down, isChanging: false, now: start + .milliseconds(250)) == false)
        #expect(schedule.shouldSend(down, isChanging: false, now: start + .seconds(1)) == true)
    }

    @Test mutating func tellsNewsAtOnce() {
        #expect(schedule.shouldSend(report(), isChanging: false, now: start) == true)
        #expect(schedule.shouldSend(report(packets: 9), isChanging: false, now: start + .milliseconds(10)) == false)
        #expect(schedule.shouldSend(report(answered: 9), isChanging: false, now: start + .milliseconds(20)) == true)
        var news = report()
        news.version = StateVersion(generation: Generation(rawValue: 7))
        #expect(schedule.shouldSend(news, isChanging: false, now: start + .milliseconds(30)) == true)
        #expect(schedule.shouldSend(news, isChanging: true, now: start + .milliseconds(930)) == true)
    }

    /// Whatever a report has is told at once when it is otherwise.
    @Test func everyPartIsNews() {
        let changes: [(inout AgentReport) -> Void] = [
            { $0.site = Sample.peer(2) }, { $0.agentVersion = "2" },
            { $0.version = StateVersion(generation: Generation(rawValue: 7)) }, { $0.isOnTrial = true },
            { $0.rejected = StateVersion(generation: Generation(rawValue: 7)) }, { $0.outerAddresses = [Sample.outer] },
            { $0.tunnels[0].isUp = false },
            { $0.routes = [Route(destination: Sample.network(2), via: nil, interface: "gif2")] },
            { $0.securityAssociations[0].spi = SPI(rawValue: 0x1001) }, { $0.ike[0].state = .connecting },
            { $0.probes[0].pathMTU = 1_400 }, { $0.drift = ["the route is missing"] }, { $0.failure = "no room" },
        ]
        #expect(changes.count == Mirror(reflecting: report()).children.count, "each part of a report once")
        for (number, change) in changes.enumerated() {
            var schedule = ReportSchedule(), news = report()
            change(&news)
            #expect(schedule.shouldSend(report(), isChanging: false, now: start) == true)
            #expect(schedule.shouldSend(news, isChanging: false, now: start + .milliseconds(10)) == true, "part \(number)")
        }
    }

    @Test func oneSAIsNotEnough() {
        var half = report()
        half.securityAssociations.removeLast()
        #expect(!half.isWell)
        var drifting = report()
        drifting.drift = ["the route is missing"]
        #expect(!drifting.isWell)
    }
}

struct ExecutionTests {
    private let tunnel = Operation.setTunnel(Sample.tunnel(to: 2, interface: 2))
    private let policy = Sample.policies(to: 2)[0]

    @Test func withoutItsGuardNothingFollows() {
        for later in [
            tunnel, .addPolicy(policy), .addRoute(Route(destination: Sample.network(2), via: nil, interface: "gif2")),
        ] {
            #expect(later.mayFollow(failed: []))
            #expect(!later.mayFollow(failed: [.addPolicy(policy)]))
            #expect(!later.mayFollow(failed: [tunnel, .setFirewall([])]))
        }
    }

    /// A tunnel that would not go keeps its policies, its unreachable route and its firewall.
    @Test func afterAFaultNoGuardIsTakenAway() {
        let failed = [Operation.removeTunnel(interface: "gif2")]
        #expect(!Operation.removePolicy(policy).mayFollow(failed: failed))
        #expect(!Operation.removeUnreachable(Sample.network(2)).mayFollow(failed: failed))
        #expect(!Operation.setFirewall([]).mayFollow(failed: failed))
        #expect(tunnel.mayFollow(failed: failed))
        #expect(Operation.setPeer(Sample.ike(to: 3)).mayFollow(failed: failed))
    }
}

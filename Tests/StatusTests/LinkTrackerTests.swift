import Testing
import WarrenModel
import WarrenPlan

@testable import WarrenStatus

/// Three sites in a triangle, in simulated time.
@Suite struct LinkTrackerTests {
    struct World {
        static let names = ["berlin", "lima", "tokyo"].map { SiteName($0)! }
        var tracker = LinkTracker()
        var now = MonotonicTime(nanoseconds: 1_000_000_000_000)
        /// Links without SAs.
        var broken: Set<LinkID> = []
        /// Sites that say nothing.
        var silent: Set<SiteName> = []
        var bytes: UInt64 = 0
        /// How often each site has replaced its SAs, as it says.
        var rekeys: [SiteName: UInt32] = [:]

        init() {
            tracker.adopt(LinkLayout(sites: Self.names, peers: [[1, 2], [0, 2], [0, 1]]), now: now)
        }

        static func link(_ a: Int, _ b: Int) -> LinkID { LinkID(names[a], names[b])! }

        func report(of site: SiteName) -> AgentReport {
            let address = AddressPair(local: IPAddress("203.0.113.1")!, remote: IPAddress("203.0.113.2")!)
            var report = AgentReport(site: site, agentVersion: "1")
            for peer in Self.names where peer != site {
                let isBroken = broken.contains(LinkID(site, peer)!)
                // One SPI per direction of a link, made of the two names.
                let spis = [(SecurityPolicy.Direction.outbound, site, peer), (.inbound, peer, site)].map {
                    direction, from, to in
                    let number = 10 * Self.names.firstIndex(of: from)! + Self.names.firstIndex(of: to)!
                    return (direction, 1000 * (1 + rekeys[site, default: 0]) + UInt32(number))
                }
                let tunnel = GIFTunnel(
                    peer: peer, interface: "gif1", outer: address, inner: address, mtu: 1400, mode: .tunnel)
                report.tunnels.append(
                    TunnelReport(tunnel: tunnel, isUp: true, receivedBytes: bytes, sentBytes: bytes * 2))
                report.ike.append(IKEReport(peer: peer, state: isBroken ? .idle : .established))
                if isBroken { continue }
                for (direction, spi) in spis {
                    report.securityAssociations.append(
                        SAReport(
                            peer: peer, direction: direction, spi: SPI(rawValue: spi), encryption: .aes256gcm16,
                            extendedSequenceNumbers: true, mode: .tunnel, outer: address, ageSeconds: 1, packets: 1, bytes: 1,
                            rekeyInSeconds: 1))
                }
                report.probes.append(
                    ProbeReport(
                        peer: peer, lastAnswerSecondsAgo: 0, roundTripMilliseconds: 7, sent: 60, answered: 60,
                        lossPercent: site.description == "lima" ? 5 : 0, pathMTU: 1400))
            }
            return report
        }

        /// A second passes, in which every site reports that is not silent.
        mutating func second() -> [LinkTurn] {
            now = now + .seconds(1)
            bytes += 1000
            var turns: [LinkTurn] = []
            for site in Self.names where !silent.contains(site) { turns += tracker.take(report(of: site), now: now) }
            return turns + tracker.tick(now: now)
        }

        mutating func seconds(_ count: Int) -> [LinkTurn] { (0..<count).reduce(into: []) { turns, _ in turns += second() } }
        func status(_ a: Int, _ b: Int) -> LinkStatus { tracker.status(of: Self.link(a, b), now: now)! }
    }

    @Test func comesUpOnceBothEndsSaySo() {
        var world = World()
        #expect(world.status(0, 1).reason == "berlin: no agent is connected; lima: no agent is connected")
        world.tracker.setConnected(World.names[0], true)
        #expect(world.status(0, 1).reason == "berlin: has not reported yet; lima: no agent is connected")
        let turns = world.seconds(2)
        #expect(turns.map(\.kind) == [.up, .up, .up])
        let status = world.status(0, 1)
        #expect(status.state == .up && status.reason == nil && status.sinceSeconds == 1)
        #expect(status.roundTripMilliseconds == 7 && status.lossPercent == 5 && status.pathMTU == 1400)
        // 1000 bytes a second in, twice that out.
        #expect(status.receivedBitsPerSecond == 8_000 && status.sentBitsPerSecond == 16_000)
        #expect(status.flaps == nil && status.isFlapping == nil)
        #expect(world.tracker.counts.states == [.up: 3])
    }

    @Test func goesDownAndTellsOnce() {
        var world = World()
        _ = world.seconds(5)
        world.broken = [World.link(0, 2)]
        let turns = world.seconds(20)
        #expect(turns.map(\.kind) == [.degraded, .down])
        #expect(turns.allSatisfy { $0.link == World.link(0, 2) })
        #expect(world.status(0, 2).reason == "no child SA, and none is being made")
        #expect(world.status(0, 2).sinceSeconds == 19 && world.status(0, 2).flaps == 1)
        #expect(world.tracker.statuses(LinkSelection(.unwell), now: world.now).map(\.link) == [World.link(0, 2)])
        world.broken = []
        #expect(world.second().map(\.kind).last == .up)
    }

    /// A controller that starts beside a link that is down says so, but not while the link is being made.
    @Test func aNewcomerHasHalfAMinute() {
        var world = World()
        world.broken = [World.link(0, 1)]
        #expect(!world.seconds(29).contains { $0.link == World.link(0, 1) })
        #expect(world.seconds(3).map(\.kind) == [.down])
        world.broken = []
        _ = world.seconds(3)
        #expect(world.status(0, 1).state == .up && world.status(0, 1).flaps == nil)
    }

    /// A controller that starts beside a mesh that is well has nothing to tell of it.
    @Test func whatWasThereBeforeIsNoNews() {
        var world = World()
        world.tracker = LinkTracker()
        world.tracker.adopt(
            LinkLayout(sites: World.names, peers: [[1, 2], [0, 2], [0, 1]]), isInherited: true, now: world.now)
        world.broken = [World.link(0, 1)]
        #expect(world.seconds(29).isEmpty)
        #expect(world.seconds(3).map(\.kind) == [.down])
        world.broken = []
        #expect(world.seconds(3).last?.kind == .up)
        world.broken = [World.link(1, 2)]
        #expect(world.seconds(3).last?.kind == .down)
    }

    /// One end tells of new SAs before the other does.
    @Test func aRekeyIsNoOutage() {
        var world = World()
        _ = world.seconds(5)
        world.rekeys[World.names[0]] = 1
        #expect(world.seconds(3).isEmpty)
        let status = world.status(0, 1)
        #expect(status.state == .up && status.reason == nil && status.flaps == nil)
        for name in World.names { world.rekeys[name] = 1 }
        #expect(world.seconds(20).isEmpty)
    }

    @Test func aContradictionThatLastsIsAnOutage() {
        var world = World()
        _ = world.seconds(5)
        world.rekeys[World.names[0]] = 1
        #expect(world.seconds(4).isEmpty)
        // Also without another report.
        world.silent = Set(World.names)
        #expect(world.second().map(\.kind) == [.degraded, .degraded])
        #expect(world.status(0, 1).reason?.hasPrefix("SPIs differ: berlin sends on") == true)
        // Each contradiction has a patience of its own.
        world.silent = []
        world.rekeys = [:]
        _ = world.seconds(80)
        world.rekeys[World.names[0]] = 2
        #expect(world.seconds(3).isEmpty && world.status(0, 1).state == .up)
    }

    @Test func silenceIsUnknownAndNoTurn() {
        var world = World()
        _ = world.seconds(5)
        world.silent = [World.names[1]]
        #expect(world.seconds(12).isEmpty)
        #expect(world.status(0, 1).state == .unknown && world.status(0, 2).state == .up)
        #expect(world.status(0, 1).reason == "lima: last report 12 s ago")
        world.silent = []
        #expect(world.seconds(3).isEmpty)
        #expect(world.status(0, 1).state == .up && world.status(0, 1).flaps == nil)
    }

    @Test func flappingIsDampedAndCounted() {
        var world = World()
        _ = world.seconds(5)
        let link = World.link(1, 2)
        var turns: [LinkTurn] = []
        for _ in 0..<10 {
            world.broken = [link]
            turns += world.seconds(3)
            world.broken = []
            turns += world.seconds(3)
        }
        // Six changes are told one by one; from then on that it flaps is all.
        #expect(turns.last?.kind == .flapping)
        #expect(turns.count(where: { $0.kind == .up }) == 2)
        let status = world.status(1, 2)
        #expect(status.state == .degraded && status.isFlapping == true && status.flaps == 20)
        #expect(status.reason == "came and went 20 times within the hour; now up")
        #expect(world.tracker.counts.flapping == 1 && world.tracker.counts.held == 1)
        // It is up, so that nobody has to wait for it.
        let mesh = MeshStatus.derive(
            mesh: "acme", generation: .none, links: world.tracker, observations: [:], now: world.now)
        #expect(mesh.counts?.unwellLinks == 0 && mesh.links.allSatisfy(\.isWell))
        // Calm for a minute, it is what it is again, also without a report.
        #expect(world.seconds(59).map(\.kind) == [.steady])
        #expect(world.status(1, 2).state == .up && world.status(1, 2).isFlapping == nil)
        _ = world.seconds(3_600)
        #expect(world.status(1, 2).flaps == nil)
    }

    @Test func aLinkThatFlappedAndStaysAwayIsDown() {
        var world = World()
        _ = world.seconds(5)
        for _ in 0..<3 {
            world.broken = [World.link(0, 1)]
            _ = world.seconds(2)
            world.broken = []
            _ = world.seconds(2)
        }
        world.broken = [World.link(0, 1)]
        _ = world.seconds(29)
        #expect(world.status(0, 1).state == .degraded)
        _ = world.seconds(3)
        #expect(world.status(0, 1).state == .down)
    }

    @Test func anotherMeshKeepsWhatStays() {
        var world = World()
        _ = world.seconds(5)
        let oslo = SiteName("oslo")!
        let names = [World.names[0], oslo, World.names[2]]
        world.tracker.adopt(LinkLayout(sites: names, peers: [[1, 2], [0, 2], [0, 1]]), now: world.now)
        #expect(world.status(0, 2).state == .up && world.status(0, 2).sinceSeconds == 4)
        #expect(world.tracker.status(of: LinkID(names[0], oslo)!, now: world.now)?.state == .unknown)
        #expect(world.tracker.status(of: World.link(0, 1), now: world.now) == nil)
        // All may look otherwise.
        #expect(world.tracker.takeChanges(now: world.now) == nil)
        #expect(world.seconds(3).isEmpty)
        #expect(world.tracker.takeChanges(now: world.now) == [])
    }

    @Test func changesAreWhatAPersonWouldSee() {
        var world = World()
        // At first all links are new.
        #expect(world.tracker.takeChanges(now: world.now)?.count == 3)
        _ = world.seconds(3)
        #expect(world.tracker.takeChanges(now: world.now)?.map(\.state) == [.up, .up, .up])
        _ = world.seconds(3)
        #expect(world.tracker.takeChanges(now: world.now) == [])
        world.broken = [World.link(0, 1)]
        _ = world.seconds(3)
        #expect(world.tracker.takeChanges(now: world.now)?.map(\.link) == [World.link(0, 1)])
    }

    /// A report of what the mesh does not know, or of nothing.
    @Test func strangersArePassedOver() {
        var world = World()
        #expect(world.tracker.take(AgentReport(site: SiteName("oslo")!, agentVersion: "1"), now: world.now).isEmpty)
        var report = world.report(of: World.names[0])
        report.probes.append(ProbeReport(peer: SiteName("oslo")!))
        report.probes.append(ProbeReport(peer: World.names[0]))
        #expect(world.tracker.take(report, now: world.now).isEmpty)
        #expect(world.status(0, 1).state == .unknown)
    }
}

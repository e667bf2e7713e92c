import ESP
import Foundation
import Testing
import Tunnel
import WarrenModel

extension PacketPathTests {
    private static let stream = [UInt8](repeating: 0x77, count: 3 << 20)

    @discardableResult
    private func ping(_ pair: GatewayPair) -> Bool {
        let arguments = ["-n", "-c", "1", "-W", "1", "-p", "77777777", "\(pair.second.inner)"]
        return (try? run(["ip", "netns", "exec", pair.first.namespace, "ping"] + arguments)) != nil
    }

    @Test func nothingLeavesInTheClear() throws {
        let pair = try GatewayPair(LinkShape(), installingAssociations: false)
        let capture = try WireCapture(namespace: pair.first.path)
        #expect(!ping(pair))
        let events = pair.first.worker.takeEvents()
        #expect(!events.isEmpty && events.allSatisfy { $0 == .acquire(peer: pair.second.site) })
        pair.installAssociations(generation: 1)
        #expect(ping(pair))
        let received = try StreamTransfer.send(
            Self.stream, from: pair.first.path, to: pair.second.path, address: pair.second.innerIPv6)
        #expect(received == Self.stream)
        let protected = capture.take()
        // Policies go: nothing may pass, though SAs and devices stand.
        for policy in pair.first.worker.snapshot().policies { pair.first.worker.removePolicy(policy) }
        #expect(!ping(pair))
        pair.first.worker.stop()
        #expect(!ping(pair))
        #expect(
            pair.first.worker.snapshot().drops.keys.sorted { $0.rawValue < $1.rawValue } == [.noOutboundPolicy, .noAssociation])
        var datagrams = 0
        for frame in protected + capture.take() where frame.count > 42 {
            #expect(frame.firstRange(of: [UInt8](repeating: 0x77, count: 8)) == nil)
            let isIPv4 = frame[12] == 8 && frame[13] == 0
            if isIPv4 {
                // UDP from and to port 4500.
                #expect(frame[23] == 17 && Array(frame[34..<38]) == [0x11, 0x94, 0x11, 0x94])
                datagrams += 1
            }
        }
        #expect(datagrams > 10)
    }

    @Test func rekeyingLosesNothing() throws {
        let pair = try GatewayPair(LinkShape())
        let rekeyer = Thread {
            // New SAs stand at both ends before the old ones go.
            for generation in UInt8(2)...20 {
                pair.installAssociations(generation: generation)
                _ = (pair.first.worker.snapshot(), pair.second.worker.snapshot())
            }
        }
        rekeyer.start()
        for _ in 0..<4 {
            let received = try StreamTransfer.send(
                Self.stream, from: pair.first.path, to: pair.second.path, address: pair.second.inner)
            #expect(received == Self.stream)
        }
        while !rekeyer.isFinished { sched_yield() }
        #expect(ping(pair))
        let snapshot = pair.first.worker.snapshot()
        #expect(snapshot.drops == [:])
        #expect(pair.second.worker.snapshot().drops == [:])
        let newest = try #require(snapshot.associations.last { $0.direction == .outbound })
        #expect(newest.spi == SPI(rawValue: 0x14001) && newest.packets > 0)
        pair.first.worker.remove(peer: pair.second.site, spi: newest.spi, direction: .outbound)
        #expect(ping(pair))
        pair.first.worker.removeAll(peer: pair.second.site)
        #expect(!ping(pair))
        #expect(pair.first.worker.snapshot().associations.isEmpty)
    }

    /// The inside hears of what the path does not take, and sends less; what may be fragmented is.
    @Test(
        arguments: [
            LinkShape(wireMTU: 1300), LinkShape(family: .ipv6, wireMTU: 1300), LinkShape(mode: .transport, routerMTU: 1300),
            LinkShape(encryption: .aes128sha256, routerMTU: 1300),
        ])
    func aPathTooSmallForTheTunnelStillPasses(_ shape: LinkShape) throws {
        let pair = try GatewayPair(shape), large = ["-n", "-c", "6", "-i", "0.05", "-W", "2", "-s", "1372"]
        let received = try StreamTransfer.send(
            Self.stream, from: pair.first.path, to: pair.second.path, address: pair.second.inner)
        #expect(received == Self.stream)
        let limited = PacketWorker.Event.pathLimited(peer: pair.second.site, bytes: 1300)
        #expect(pair.first.worker.takeEvents().contains(limited))
        // The sender knew of it after one flight at most.
        let drops = pair.first.worker.snapshot().drops
        #expect(drops.keys.allSatisfy { $0 == .tooBig } && drops[.tooBig, default: 0] < 100, "\(drops)")
        let command = ["ip", "netns", "exec", pair.first.namespace, "ping"] + large
        try run(command + ["-M", "dont", "\(pair.second.inner)"])
        let refusal = #expect(throws: CommandFailure.self) { try run(command + ["-M", "do", "\(pair.second.inner)"]) }
        #expect(refusal?.description.contains("essage too long") == true, "\(String(describing: refusal))")
        // The other end has learned from the first answers.
        #expect(pair.second.worker.snapshot().drops.keys.allSatisfy { $0 == .tooBig })
    }

    @Test(arguments: [AddressFamily.ipv4, .ipv6])
    func ikeSharesThePort(_ family: AddressFamily) throws {
        let pair = try GatewayPair(LinkShape(family: family))
        let here = Endpoint(address: pair.first.outer, port: 4500), there = Endpoint(address: pair.second.outer, port: 4500)
        let first = SPI(rawValue: 0x1001)
        try pair.first.worker.sendKeepalive(source: here.address, remote: there)
        try pair.first.worker.sendIKE([1, 2, 3], source: here.address, remote: there)
        var waiting = pollfd(fd: pair.second.worker.eventDescriptor, events: Int16(POLLIN), revents: 0)
        var datagrams: [PacketWorker.Event] = []
        while datagrams.isEmpty {
            try #require(poll(&waiting, 1, 5000) == 1)
            // The kernel's own first words through the tunnel may come between.
            datagrams += pair.second.worker.takeEvents().filter { $0 != .firstInbound(peer: pair.first.site, spi: first) }
        }
        #expect(datagrams == [.ikeDatagram(local: there, remote: here, bytes: [1, 2, 3])])
    }

    @Test func aDeviceThatGoesIsToldAndCanComeBack() throws {
        let pair = try GatewayPair(LinkShape())
        let tunnel = try #require(pair.first.worker.snapshot().tunnels.first?.tunnel)
        // The settings alone may be given again while the device is there.
        try pair.first.worker.attach(tunnel)
        #expect(ping(pair))
        try run("ip", "-n", pair.first.namespace, "link", "delete", "gif0")
        var waiting = pollfd(fd: pair.first.worker.eventDescriptor, events: Int16(POLLIN), revents: 0)
        var events: [PacketWorker.Event] = []
        while !events.contains(.tunnelLost(interface: "gif0")) {
            try #require(poll(&waiting, 1, 5000) == 1)
            events += pair.first.worker.takeEvents()
        }
        #expect(throws: PacketWorker.NotAttached.self) { try pair.first.worker.attach(tunnel) }
        try pair.attachDevice(pair.first, tunnel)
        #expect(ping(pair))
    }
}

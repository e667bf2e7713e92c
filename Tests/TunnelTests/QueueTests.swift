import CWarrenSystem
import ESP
import Foundation
import Testing
import TunnelControl
import WarrenModel

/// Gateways with several packet threads, each with a queue of the tunnel and SAs of its own.
@Suite("Several queues")
struct QueueTests {
    private static let flowCount = 8

    /// Inner addresses, of which each pair is a flow of its own to the kernel.
    private static func inner(_ gateway: Int, _ flow: Int) -> IPAddress {
        IPAddress(v4: 0x0a4d_0001 + UInt32(gateway) << 8 + UInt32(flow))
    }

    private static func addFlows(_ bundle: TunnelBundle) throws -> [NumberedLoad.Flow] {
        for (index, gateway) in bundle.gateways.enumerated() {
            for flow in 0..<flowCount {
                try run("ip", "-n", gateway.namespace, "address", "add", "\(inner(index, flow))/32", "dev", "lo")
            }
            try run(
                "ip", "-n", gateway.namespace, "route", "add", "\(IPPrefix(containing: inner(1 - index, 0), length: 24)!)",
                "dev", "gif0")
        }
        return (0..<flowCount).flatMap { flow in
            [0, 1].map { .init(sender: $0, source: inner($0, flow), destination: inner(1 - $0, flow)) }
        }
    }

    /// What becomes of packets of all flows while something happens: each arrives once and in order.
    @discardableResult
    private static func carry(
        _ flows: [NumberedLoad.Flow], over bundle: TunnelBundle, perSecond: Int = 2000, while body: () throws -> Void
    ) throws -> NumberedLoad.Outcome {
        let load = try NumberedLoad(between: bundle.gateways.map(\.path), flows, perSecond: perSecond)
        try body()
        let outcome = load.end()
        #expect(outcome.lost == 0 && outcome.repeated == 0 && outcome.reordered == 0 && outcome.sent > 0, "\(outcome)")
        return outcome
    }

    @Test(
        "flows spread over them; each arrives whole and in order, while all SAs are replaced",
        arguments: [[2, 2], [4, 4], [4, 2], [2, 4]])
    func flows(queues: [Int]) throws {
        let bundle = try TunnelBundle(tunnels: 1, queues: queues)
        let count = bundle.childSAs
        try bundle.awaitQueues()
        let nonces = try NonceCapture(namespace: bundle.gateways[0].path)
        let outcome = try Self.carry(Self.addFlows(bundle), over: bundle, perSecond: 4000) {
            for round in 0..<6 { try bundle.rekey(by: round % 2) }
            // What has not been rekeyed since tells which SAs carry.
            try bundle.awaitPackets(onAtLeast: 2)
        }
        let seen = nonces.end()
        #expect(seen.repeated == 0 && seen.missed == 0 && seen.others == 0, "\(seen)")
        #expect(seen.packets >= outcome.sent)
        #expect(seen.spis > 6 * 2, "\(seen)")
        #expect((3...2 * count).contains(seen.sources.count), "\(seen)")
        var sent: UInt64 = 0
        for gateway in bundle.gateways {
            let observation = try gateway.client.observe()
            #expect(observation.drops == [:])
            #expect(observation.tunnels.count == 1)
            sent += observation.tunnels.first?.sentPackets ?? 0
        }
        #expect(sent == UInt64(outcome.sent))
    }

    @Test("a gateway with one queue has one child SA with a gateway that has four", arguments: [[1, 4], [4, 1]])
    func one(queues: [Int]) throws {
        let bundle = try TunnelBundle(tunnels: 2, queues: queues)
        let nonces = try NonceCapture(namespace: bundle.gateways[0].path)
        try Self.carry(Self.addFlows(bundle), over: bundle) { for round in 0..<2 { try bundle.rekey(by: round % 2) } }
        let seen = nonces.end()
        #expect(seen.repeated == 0 && seen.missed == 0 && seen.others == 0, "\(seen)")
        // From port 4500 alone.
        #expect(seen.sources.count == 2)
        for gateway in bundle.gateways { #expect(try gateway.client.observe().drops == [:]) }
    }

    @Test("a device that was made with one queue keeps it, and carries all the same")
    func oldDevice() throws {
        let bundle = try TunnelBundle(tunnels: 1, queues: [2, 2], deviceQueues: 1)
        try Self.carry(Self.addFlows(bundle), over: bundle) { for round in 0..<2 { try bundle.rekey(by: round % 2) } }
        for gateway in bundle.gateways { #expect(try gateway.client.observe().drops == [:]) }
    }

    @Test("a firewall that lets UDP pass from port 4500 alone costs no packet; when it is gone, all queues carry")
    func firewall() throws {
        let bundle = try TunnelBundle(tunnels: 1, queues: [2, 2]) { names in
            let rule = "udp dport 4500 udp sport != 4500 drop"
            let table = "table inet wall { chain input { type filter hook input priority 0; \(rule); }; }"
            try run("ip", "netns", "exec", names[1], "nft", table)
        }
        let flows = try Self.addFlows(bundle)
        try Self.carry(flows, over: bundle) { for round in 0..<2 { try bundle.rekey(by: round % 2) } }
        // What the second gateway's other queue asks arrives, but no answer may pass.
        #expect(try bundle.openQueues() == [1, 1])
        try run("ip", "netns", "exec", bundle.gateways[1].namespace, "nft", "delete", "table", "inet", "wall")
        try bundle.awaitQueues()
        try Self.carry(flows, over: bundle) { try bundle.awaitPackets(onAtLeast: 2) }
        for gateway in bundle.gateways { #expect(try gateway.client.observe().drops == [:]) }
    }

    @Test("of a device, as many queues are opened as it can have, and only the first is given packets")
    func opening() throws {
        let namespace = "wq-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
        try run("ip", "netns", "add", namespace)
        defer { _ = try? run("ip", "netns", "delete", namespace) }
        func open(_ name: String, _ count: Int) -> [Int32] {
            var queues = [Int32](repeating: -1, count: count)
            let opened = warren_tun_open_queues(name, "/var/run/netns/\(namespace)", &queues, Int32(count))
            return Array(queues.prefix(max(0, Int(opened))))
        }
        for (first, second, expected) in [(4, 4, 4), (4, 1, 1), (1, 4, 1), (1, 1, 1)] {
            var queues = open("gif9", first)
            #expect(queues.count == first)
            for queue in queues { close(queue) }
            queues = open("gif9", second)
            #expect(queues.count == expected)
            #expect(warren_tun_queue_enable(queues.last ?? -1, 1) == (expected > 1 ? 0 : -1))
            for queue in queues { close(queue) }
            try run("ip", "-n", namespace, "link", "delete", "dev", "gif9")
        }
        #expect(open("a-name-that-is-too-long", 2) == [])
    }

    @Test("the kernel gives a datagram to the socket that its SPI names, and what names none to the first")
    func steering() throws {
        let port: UInt16 = 4599
        let sockets = (0..<3).map { _ in warren_shared_datagram_socket(AF_INET, port) }
        let sender = warren_sending_socket(AF_INET)
        defer { for socket in sockets + [sender] { close(socket) } }
        try #require(sockets.allSatisfy { $0 >= 0 } && sender >= 0)
        try #require(warren_steer_by_spi(sockets[2], PacketQueues.spiMask, 3) == 0)
        for (payload, queue) in [
            ([0x12, 0x34, 0x56, 0x78, 9], 0), ([0x12, 0x34, 0x56, 0x79, 9], 1), ([0x12, 0x34, 0x56, 0x7a, 9], 2),
            ([0x12, 0x34, 0x56, 0x7b, 9], 0), ([0, 0, 0, 0, 1], 0), ([0xff], 0), ([0xff, 1, 1], 0),
        ] as [([UInt8], Int)] {
            try send(payload, from: sender, to: port)
            #expect(sockets.map { read(from: $0) } == (0..<3).map { $0 == queue ? payload : nil }, "\(payload)")
        }
    }

    @Test("a socket that only sends is given nothing")
    func sendingOnly() throws {
        let sender = warren_sending_socket(AF_INET), other = warren_datagram_socket(AF_INET, 4598)
        defer { for socket in [sender, other] { close(socket) } }
        try send([1, 2, 3], from: sender, to: 4598)
        var bytes = [UInt8](repeating: 0, count: 16), source = warren_address(), destination = warren_address()
        #expect(warren_datagram_receive(other, &bytes, bytes.count, &source, &destination) == 3)
        try send([4, 5, 6], from: other, to: source.port)
        #expect(read(from: sender) == nil)
    }

    private func send(_ bytes: [UInt8], from socket: Int32, to port: UInt16) throws {
        var source = warren_address(udp: IPAddress("127.0.0.1")!, port: 0)
        var destination = warren_address(udp: IPAddress("127.0.0.1")!, port: port)
        try #require(warren_datagram_send(socket, bytes, bytes.count, &source, &destination) == bytes.count)
    }

    /// Over the loopback device a datagram has arrived when it has been sent.
    private func read(from socket: Int32) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 64), source = warren_address(), destination = warren_address()
        let count = warren_datagram_receive(socket, &bytes, bytes.count, &source, &destination)
        return count < 0 ? nil : Array(bytes.prefix(count))
    }
}

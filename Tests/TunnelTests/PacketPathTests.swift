import ESP
import Foundation
import Testing
import Tunnel
import WarrenModel

/// Real packets through two workers, two TUN devices and a wire. These need root and /dev/net/tun, and fail without.
@Suite(.serialized)
struct PacketPathTests {
    static let shapes: [LinkShape] = [
        LinkShape(),
        LinkShape(mode: .transport, encryption: .aes128gcm16),
        LinkShape(family: .ipv6, extendedSequenceNumbers: false, tunnelMTU: 1378),
        LinkShape(encryption: .aes256sha256),
        LinkShape(udpEncapsulation: false, tunnelMTU: 1418),
        LinkShape(family: .ipv6, mode: .transport, udpEncapsulation: false),
        LinkShape(family: .ipv6, mode: .transport, encryption: .chacha20poly1305),
    ]

    @Test(arguments: shapes)
    func pingsAndStreamsPass(_ shape: LinkShape) throws {
        let pair = try GatewayPair(shape)
        for target in [pair.second.inner, pair.second.innerIPv6] {
            try run("ip", "netns", "exec", pair.first.namespace, "ping", "-n", "-c", "2", "-i", "0.05", "-W", "2", "\(target)")
        }
        let bytes = StreamTransfer.bytes(4 << 20, seed: 7)
        for target in [pair.second.inner, pair.second.innerIPv6] {
            let received = try StreamTransfer.send(bytes, from: pair.first.path, to: pair.second.path, address: target)
            #expect(received == bytes)
        }
        pair.first.worker.stop()
        let snapshot = pair.first.worker.snapshot()
        let tunnel = try #require(snapshot.tunnels.first)
        #expect(tunnel.isUp)
        #expect(tunnel.sentBytes > UInt64(2 * bytes.count))
        let outbound = try #require(snapshot.associations.first { $0.direction == .outbound })
        #expect(outbound.packets == tunnel.sentPackets)
        #expect(outbound.sequenceNumber == tunnel.sentPackets)
        #expect(outbound.lastUsed != nil)
        #expect(snapshot.drops == [:])
        // Between two snapshots the other end takes what was still on the wire.
        _ = pair.second.worker.snapshot()
        let other = pair.second.worker.snapshot()
        #expect(other.drops == [:])
        let inbound = try #require(other.associations.first { $0.direction == .inbound })
        #expect(inbound.packets == outbound.packets)
        #expect(other.tunnels.first?.receivedBytes == tunnel.sentBytes)
    }

    /// RFC 4303, 2: protocol 50, and nothing else.
    @Test(arguments: [AddressFamily.ipv4, .ipv6])
    func espWithoutUDPIsTheNextProtocol(_ family: AddressFamily) throws {
        let pair = try GatewayPair(LinkShape(family: family, udpEncapsulation: false))
        let capture = try WireCapture(namespace: pair.first.path)
        try run(
            "ip", "netns", "exec", pair.first.namespace, "ping", "-n", "-c", "5", "-i", "0.05", "-W", "2", "-p", "77777777",
            "\(pair.second.inner)")
        var carried = 0
        for frame in capture.take() where frame.count > 62 {
            #expect(frame.firstRange(of: [UInt8](repeating: 0x77, count: 8)) == nil)
            let type = Array(frame[12..<14]), next = type == [8, 0] ? frame[23] : frame[20]
            // What the kernel says of IPv6 itself has options, or is ICMP.
            guard type == [8, 0] || type == [0x86, 0xdd], next != 0, next != 58 else { continue }
            #expect(next == 50 && (family == .ipv4) == (type == [8, 0]))
            carried += 1
        }
        #expect(carried >= 10)
        for worker in [pair.first.worker, pair.second.worker] { #expect(worker.snapshot().drops == [:]) }
    }
}

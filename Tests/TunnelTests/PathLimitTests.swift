import CWarrenSystem
import ESP
import Glibc
import Testing
import WarrenModel

@testable import PacketHarness
@testable import Tunnel

/// A path that takes less than the tunnel's MTU: who is believed, what the inside hears, what goes in fragments.
@Suite struct PathLimits {
    private static let inner576 = PathMTU.largestInnerPacket(
        pathMTU: 576, outerFamily: .ipv4, mode: .tunnel, udpEncapsulation: true, encryption: .aes256gcm16)

    /// A harness with an outbound SA whose datagrams `receiver` gets.
    private func harness(_ receiver: Receiver, encryption: EncryptionAlgorithm = .aes256gcm16) throws -> EngineHarness {
        let harness = try EngineHarness()
        harness.obey(.addOutbound(EngineHarness.association(.outbound), .init()))
        harness.obey(.redirect(EngineHarness.peer, Endpoint(address: EngineHarness.there, port: receiver.port)))
        return harness
    }

    private func told(mtu: UInt32, spi: UInt32 = 0x2002, sequence: UInt32 = 1, length: UInt32 = 8) -> warren_path_error {
        var error = warren_path_error()
        error.family = AF_INET
        error.mtu = mtu
        withUnsafeMutableBytes(of: &error.remote) { $0.copyBytes(from: EngineHarness.there.bytes) }
        withUnsafeMutableBytes(of: &error.quoted) { $0.copyBytes(from: Obvious.big(spi) + Obvious.big(sequence)) }
        error.quoted_length = length
        return error
    }

    private func datagram(_ count: Int, isIPv6: Bool = false, dontFragment: Bool = true) -> Obvious.Packet {
        var packet = Obvious.Packet(isIPv6: isIPv6, isTCP: false, dontFragment: dontFragment)
        packet.payload = (0..<count - (isIPv6 ? 48 : 28)).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        return packet
    }

    @Test func onlyWhatQuotesALiveAssociationIsBelieved() throws {
        let receiver = try Receiver(), harness = try harness(receiver)
        let large = datagram(1400).virtio(segment: 0)
        #expect(harness.send(large) == [])
        for lie in [
            told(mtu: 600, spi: 0x2003), told(mtu: 600, sequence: 2), told(mtu: 600, sequence: 0x8000_0000),
            told(mtu: 600, length: 7), told(mtu: 0),
        ] { harness.engine.learn(lie) }
        #expect(harness.events.take() == [] && harness.send(large) == [])
        harness.engine.learn(told(mtu: 900))
        #expect(harness.events.take() == [.pathLimited(peer: EngineHarness.peer, bytes: 900)])
        #expect(harness.send(large) == [.tooBig])
        // A path only shrinks, and never below what every path carries.
        harness.engine.learn(told(mtu: 1000))
        harness.engine.learn(told(mtu: 68))
        harness.engine.learn(told(mtu: 20))
        #expect(harness.events.take() == [.pathLimited(peer: EngineHarness.peer, bytes: 576)])
        #expect(harness.send(datagram(Self.inner576).virtio(segment: 0)) == [])
        #expect(harness.send(datagram(Self.inner576 + 1).virtio(segment: 0)) == [.tooBig])
        // What was learned outlives the SA, and is tried again after ten minutes.
        let next = SecurityAssociation(
            peer: EngineHarness.peer, direction: .outbound, spi: SPI(rawValue: 0x2004), encryption: .aes256gcm16,
            keyingMaterial: SecretBytes([UInt8](repeating: 9, count: 36)), extendedSequenceNumbers: true, mode: .tunnel,
            local: Endpoint(address: EngineHarness.here, port: 4500),
            remote: Endpoint(address: EngineHarness.there, port: receiver.port),
            selectors: EngineHarness.association(.outbound).selectors)
        harness.obey(.addOutbound(next, .init()))
        harness.obey(.remove(EngineHarness.peer, SPI(rawValue: 0x2002), .outbound))
        #expect(harness.send(large) == [.tooBig])
        harness.engine.now = MonotonicTime(nanoseconds: 600_000_000_000)
        #expect(harness.send(large) == [] && harness.send(large) == [])
    }

    @Test(arguments: [false, true])
    func theSenderIsTold(isIPv6: Bool) throws {
        let receiver = try Receiver(), harness = try harness(receiver)
        #expect(harness.send(datagram(1400, isIPv6: isIPv6).virtio(segment: 0)) == [])
        harness.engine.learn(told(mtu: 1400))
        let limit = PathMTU.largestInnerPacket(
            pathMTU: 1400, outerFamily: .ipv4, mode: .tunnel, udpEncapsulation: true, encryption: .aes256gcm16)
        #expect(limit == 1318)
        let large = datagram(1390, isIPv6: isIPv6)
        #expect(harness.send(large.virtio(segment: 0)) == [.tooBig])
        let written = harness.queue.written()
        let answer = Array(try #require(written.first).dropFirst(10))
        #expect(written.count == 1 && written[0].prefix(10).allSatisfy { $0 == 0 })
        let header = try #require(ObviousHeader(answer))
        #expect(header.total == answer.count && header.next == (isIPv6 ? 58 : 1))
        let half = header.addresses.count / 2, ours = large.addresses
        #expect(Array(answer[header.addresses]) == Array(ours[half...] + ours[..<half]))
        let message = Array(answer[header.length...])
        if isIPv6 {
            #expect(Obvious.checksum(ObviousHeader.pseudoHeader(answer, header, 58, message.count) + message) == 0)
            #expect(Array(message[..<2]) == [2, 0] && Array(message[4..<8]) == Obvious.big(UInt32(limit)))
        } else {
            #expect(Obvious.checksum(Array(answer[..<20])) == 0 && Obvious.checksum(message) == 0)
            #expect(Array(message[..<2]) == [3, 4] && Array(message[4..<8]) == [0, 0] + Obvious.big(UInt16(limit)))
        }
        #expect(large.bytes.starts(with: message[8...]) && message.count > 500)
        // Errors are not answered, and not everything at once.
        var error = large.bytes
        error[isIPv6 ? 6 : 9] = isIPv6 ? 58 : 1
        error[isIPv6 ? 40 : 20] = isIPv6 ? 1 : 3
        #expect(harness.send([UInt8](repeating: 0, count: 10) + error) == [.tooBig])
        #expect(harness.queue.written().isEmpty)
        for _ in 0..<200 { harness.send(large.virtio(segment: 0)) }
        #expect(harness.queue.written().count == 99)
    }

    @Test func aSuperPacketIsAnsweredOnce() throws {
        let receiver = try Receiver(), harness = try harness(receiver)
        var stream = Obvious.Packet()
        stream.payload = [UInt8](repeating: 3, count: 1300 * 5 + 100)
        #expect(harness.send(stream.virtio(segment: 1300)) == [])
        harness.engine.learn(told(mtu: 1000))
        #expect(receiver.packets().count == 6)
        // The short one at its end passes.
        #expect(harness.send(stream.virtio(segment: 1300)) == [DropReason](repeating: .tooBig, count: 5))
        #expect(receiver.packets() == [stream.segments(of: 1300)[5].bytes])
        let answers = harness.queue.written()
        #expect(answers.count == 1)
        // It quotes the first segment as it would have been sent.
        #expect(stream.segments(of: 1300)[0].bytes.starts(with: answers[0].dropFirst(10 + 28)))
    }

    @Test(arguments: [576, 700, 1000, 1399])
    func whatMayBeFragmentedIs(mtu: UInt32) throws {
        let receiver = try Receiver(), harness = try harness(receiver)
        #expect(harness.send(datagram(100).virtio(segment: 0)) == [])
        harness.engine.learn(told(mtu: mtu))
        _ = receiver.packets()
        let limit = PathMTU.largestInnerPacket(
            pathMTU: Int(mtu), outerFamily: .ipv4, mode: .tunnel, udpEncapsulation: true, encryption: .aes256gcm16)
        for count in [limit, limit + 1, 1400, 5000] {
            let whole = datagram(count, dontFragment: false).bytes
            #expect(harness.send([UInt8](repeating: 0, count: 10) + whole) == [])
            let fragments = receiver.packets()
            #expect(fragments.allSatisfy { $0.count <= limit } && (fragments.count == 1) == (count == limit))
            #expect(try Self.joined(fragments) == whole)
            // Fragments of fragments, too.
            if count == 5000 {
                harness.engine.learn(told(mtu: 576, sequence: 1))
                let again = try fragments.flatMap { fragment -> [[UInt8]] in
                    #expect(harness.send([UInt8](repeating: 0, count: 10) + fragment) == [])
                    let smaller = receiver.packets()
                    try #require(smaller.allSatisfy { $0.count <= Self.inner576 })
                    return smaller
                }
                #expect(try Self.joined(again) == whole)
            }
        }
    }

    @Test func smallIPv6PacketsPassAnyPath() throws {
        let receiver = try Receiver(), harness = try harness(receiver)
        #expect(harness.send(datagram(100).virtio(segment: 0)) == [])
        harness.engine.learn(told(mtu: 576))
        _ = receiver.packets()
        for count in [400, 1000, 1280] {
            let packet = datagram(count, isIPv6: true)
            #expect(harness.send(packet.virtio(segment: 0)) == [])
            #expect(receiver.packets() == [packet.bytes])
        }
        #expect(harness.send(datagram(1281, isIPv6: true).virtio(segment: 0)) == [.tooBig])
    }

    /// What RFC 791, 3.2 does with fragments in order.
    private static func joined(_ fragments: [[UInt8]]) throws -> [UInt8] {
        var payload: [UInt8] = []
        for (index, fragment) in fragments.enumerated() {
            let header = try #require(ObviousHeader(fragment))
            let fields = Int(fragment[6]) * 256 + Int(fragment[7])
            #expect(header.total == fragment.count && Obvious.checksum(Array(fragment[..<header.length])) == 0)
            #expect(fields % 0x2000 * 8 == payload.count && (fields & 0x2000 != 0) == (index < fragments.count - 1))
            payload += fragment[header.length...]
        }
        var whole = fragments[0]
        whole.replaceSubrange(2..<4, with: Obvious.big(UInt16(20 + payload.count)))
        whole.replaceSubrange(6..<8, with: [0, 0])
        whole.replaceSubrange(10..<12, with: [0, 0])
        whole.replaceSubrange(10..<12, with: Obvious.big(Obvious.checksum(Array(whole[..<20]))))
        return Array(whole[..<20]) + payload
    }
}

/// The peer's end: a socket, and the inbound half of the harness's outbound SA.
private final class Receiver {
    let port: UInt16
    private let socket: Int32
    private let association: InboundAssociation<PacketCipher>

    init() throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_in(), length = socklen_t(MemoryLayout<sockaddr_in>.size)
        address.sin_family = sa_family_t(AF_INET)
        withUnsafeMutableBytes(of: &address.sin_addr) { $0.copyBytes(from: EngineHarness.there.bytes) }
        let descriptor = socket
        let failure = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) != 0 || getsockname(descriptor, $0, &length) != 0
            }
        }
        guard !failure else { throw PacketWorker.SystemCallError(call: "bind", errno: errno) }
        port = UInt16(bigEndian: address.sin_port)
        let sent = EngineHarness.association(.outbound)
        association = try InboundAssociation(
            SecurityAssociation(
                peer: sent.peer, direction: .inbound, spi: sent.spi, encryption: sent.encryption,
                keyingMaterial: sent.keyingMaterial, extendedSequenceNumbers: sent.extendedSequenceNumbers, mode: sent.mode,
                local: sent.remote, remote: sent.local, selectors: sent.selectors))
    }

    deinit { close(socket) }

    /// What came and is in order, without its encapsulating header.
    func packets() -> [[UInt8]] {
        var result: [[UInt8]] = [], buffer = [UInt8](repeating: 0, count: 70_000)
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            guard count > 0 else { return result }
            let opened = buffer.withUnsafeMutableBytes { association.open($0.baseAddress!, count: count) }
            guard case .payload(let length, 4) = opened else { continue }
            result.append(Array(buffer[association.layout.payloadOffset + 20..<association.layout.payloadOffset + length]))
        }
    }
}

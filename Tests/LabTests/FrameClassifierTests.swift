import SeededRandom
import Testing
import WarrenModel

@testable import WarrenLab

@Suite struct FrameClassifierTests {
    typealias Build = FrameBuilder

    private func makeClassifier() -> FrameClassifier {
        FrameClassifier(
            gateways: Set([Build.berlin, Build.tokyo, Build.moved].compactMap { IPAddress(bytes: $0) }),
            controller: Set([Build.controller].compactMap { IPAddress(bytes: $0) }))
    }

    private func kind(_ frame: [UInt8]) throws -> FrameKind {
        var classifier = makeClassifier()
        return try classifier.classify(frame)
    }

    @Test func whatBelongsOnTheInternet() throws {
        let arp = Build.ethernet(0x0806, [UInt8](repeating: 0, count: 28))
        #expect(try kind(arp) == .arp)
        #expect(try kind(Build.ipv4(17, Build.udp(500, 500, Build.ikeMessage))) == .ike)
        #expect(try kind(Build.ipv4(17, Build.udp(4500, 4500, [0, 0, 0, 0] + Build.ikeMessage))) == .ike)
        #expect(try kind(Build.ipv4(17, Build.udp(4500, 4500, Build.espPacket))) == .espInUDP)
        #expect(try kind(Build.ipv4(50, Build.espPacket)) == .esp)
        let refused = Build.ipv4(17, from: Build.tokyo, to: Build.berlin, Build.udp(500, 500, Build.ikeMessage)).dropFirst(14)
        #expect(try kind(Build.ipv4(1, [3, 3, 0, 0, 0, 0, 0, 0] + refused.prefix(48))) == .refusal)
        // Of one that had the address before.
        #expect(try kind(Build.ipv4(1, from: Build.moved, [3, 1, 0, 0, 0, 0, 0, 0] + refused.prefix(48))) == .refusal)
        #expect(try kind(Build.ipv4(17, Build.udp(4500, 4500, [0xFF]))) == .natKeepalive)
        #expect(try kind(Build.ipv6(58, [135, 0, 0, 0])) == .neighbourDiscovery)
        #expect(try kind(Build.ipv6(0, [58, 0, 5, 2, 0, 0, 1, 0, 143, 0, 0, 0])) == .groupMembership)
        #expect(
            try kind(Build.ipv4(6, to: Build.controller, Build.tcp(40000, 7443, sequence: 1, flags: 2, []))) == .controllerTLS)
        #expect(
            try kind(Build.ipv4(6, from: Build.controller, Build.tcp(7443, 40000, sequence: 9, Build.tlsRecord(50))))
                == .controllerTLS)
    }

    @Test(arguments: [
        ("an echo in the clear", Build.ipv4(1, [8, 0, 0, 0, 0, 1, 0, 1])),
        (
            "a refusal of something else",
            Build.ipv4(
                1,
                [3, 3, 0, 0, 0, 0, 0, 0]
                    + Build.ipv4(17, from: Build.tokyo, to: Build.berlin, Build.udp(53, 53, [1])).dropFirst(14))
        ),
        ("IP in IP in the clear", Build.ipv4(4, [0x45, 0, 0, 20])),
        ("IPv6 in IP in the clear", Build.ipv4(41, [0x60, 0, 0, 0])),
        ("an echo of IPv6 in the clear", Build.ipv6(58, [128, 0, 0, 0])),
        ("another port", Build.ipv4(17, Build.udp(53, 53, Build.espPacket))),
        ("no IKE on the IKE port", Build.ipv4(17, Build.udp(500, 500, [UInt8](repeating: 65, count: 60)))),
        ("a reserved SPI", Build.ipv4(17, Build.udp(4500, 4500, [0, 0, 0, 9] + [UInt8](repeating: 65, count: 60)))),
        ("ESP that is too short", Build.ipv4(17, Build.udp(4500, 4500, [1, 2, 3, 4, 0, 0, 0, 1]))),
        ("ESP from a stranger", Build.ipv4(50, from: [8, 8, 8, 8], Build.espPacket)),
        ("ESP to the controller", Build.ipv4(17, to: Build.controller, Build.udp(4500, 4500, Build.espPacket))),
        ("TCP between gateways", Build.ipv4(6, Build.tcp(40000, 7443, sequence: 1, Build.tlsRecord(8)))),
        (
            "HTTP to the controller",
            Build.ipv4(6, to: Build.controller, Build.tcp(4, 80, sequence: 1, Array("GET / HTTP/1.1".utf8)))
        ),
        ("a fragment of nothing known", Build.ipv4(17, fragment: 0x00B9, [1, 2, 3, 4])),
        ("another EtherType", Build.ethernet(0x88CC, [1, 2, 3])),
        ("half an Ethernet header", [1, 2, 3]),
    ])
    func whatDoesNot(what: String, frame: [UInt8]) {
        #expect(throws: FrameClassifier.Violation.self, "\(what)") { try kind(frame) }
    }

    @Test func fragmentsFollowTheirFirst() throws {
        var classifier = makeClassifier()
        let first = Build.ipv4(17, fragment: 0x2000, Build.udp(4500, 4500, Build.espPacket))
        #expect(try classifier.classify(first) == .espInUDP)
        #expect(try classifier.classify(Build.ipv4(17, fragment: 0x0008, [1, 2, 3])) == .espInUDP)
    }

    @Test func recordsAreFollowedAcrossSegments() throws {
        var classifier = makeClassifier()
        func send(_ sequence: UInt32, _ content: [UInt8]) throws -> FrameKind {
            try classifier.classify(Build.ipv4(6, to: Build.controller, Build.tcp(40000, 7443, sequence: sequence, content)))
        }
        let record = Build.tlsRecord(100) + Build.tlsRecord(20)
        // 130 bytes: cut inside the first record, then inside the second one's header.
        #expect(try send(1000, Array(record[..<60])) == .controllerTLS)
        #expect(try send(1060, Array(record[60..<107])) == .controllerTLS)
        #expect(try send(1060, Array(record[60..<107])) == .controllerTLS)
        #expect(try send(1107, Array(record[107...])) == .controllerTLS)
        #expect(throws: FrameClassifier.Violation.self) { try send(1130, Array("cleartext after records".utf8)) }
    }

    @Test func theEndOfSequenceNumbersIsPassed() throws {
        var classifier = makeClassifier()
        func send(_ sequence: UInt32, _ content: [UInt8]) throws -> FrameKind {
            try classifier.classify(Build.ipv4(6, to: Build.controller, Build.tcp(40000, 7443, sequence: sequence, content)))
        }
        let record = Build.tlsRecord(95)
        #expect(try send(UInt32.max - 49, Array(record[..<50])) == .controllerTLS)
        #expect(try send(0, Array(record[50...])) == .controllerTLS)
        #expect(throws: FrameClassifier.Violation.self) { try send(50, Array("clear".utf8)) }
    }

    @Test func noBytesTrap() {
        var random = SeededNumbers(seed: 20)
        let seeds = [
            Build.ipv4(17, Build.udp(4500, 4500, Build.espPacket)), Build.ipv6(0, [44, 1] + [UInt8](repeating: 0, count: 40)),
            Build.ipv4(6, to: Build.controller, Build.tcp(1, 2, sequence: .max, Build.tlsRecord(9))),
        ]
        var classifier = makeClassifier()
        var verdicts = 0
        for round in 0..<20_000 {
            var frame = seeds[round % seeds.count]
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                frame[Int.random(in: 12..<frame.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            frame.removeLast(Int.random(in: 0...frame.count / 2, using: &random))
            if (try? classifier.classify(frame)) != nil { verdicts += 1 }
        }
        #expect(verdicts > 0 && verdicts < 20_000)
    }
}

import ESP
import Foundation
import WarrenModel

/// Sealing one packet after another: a large one against OpenSSL's own speed program on the same cipher and size, where the peer
/// does the cipher alone, and Warren the header, the padding, the nonce and the counters besides; and by the library that is chosen
/// for the packet, against each of those that it is chosen from.
enum ESPBenchmark {
    private static let payload = 1408

    static func run() throws -> [BenchmarkResult] {
        var results: [BenchmarkResult] = []
        for count in [84, payload] {
            let chosen = try nanoseconds(count, by: .auto)
            var peers = try [CipherLibrary.multiBuffer, .boringssl].map {
                (name: PacketCipher.name(of: $0), nanoseconds: try nanoseconds(count, by: $0))
            }
            if count == payload { peers.append(("openssl speed, cipher alone", try opensslNanoseconds())) }
            for peer in peers {
                results.append(
                    BenchmarkResult(
                        name: "ESP seal, AES-256-GCM, \(count) B", unit: "ns", warren: chosen, peer: peer.nanoseconds,
                        peerName: peer.name))
            }
        }
        return results
    }

    private static func nanoseconds(_ payload: Int, by library: CipherLibrary) throws -> Double {
        let packets = 200_000
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 2048, alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: 2048)
        defer { memory.deallocate() }
        let association = try OutboundAssociation<PacketCipher>(securityAssociation(), library: library)
        let seconds = try medianSeconds(runs: 5) {
            for _ in 0..<packets where association.seal(memory, payload: payload, nextHeader: 4) != nil {
                throw BenchmarkError.wrongResult("a packet was not sealed")
            }
        }
        return seconds / Double(packets) * 1e9
    }

    private static func opensslNanoseconds() throws -> Double {
        let output = try runPeer([
            "openssl", "speed", "-mr", "-elapsed", "-seconds", "1", "-bytes", String(payload), "-evp", "aes-256-gcm",
        ])
        // The machine-readable line is +F:number:name:bytes per second.
        for line in output.split(separator: "\n") where line.hasPrefix("+F:") {
            if let bytesPerSecond = line.split(separator: ":").last.flatMap({ Double($0) }), bytesPerSecond > 0 {
                return Double(payload) / bytesPerSecond * 1e9
            }
        }
        throw BenchmarkError.wrongResult("openssl speed printed no figure")
    }

    private static func securityAssociation() throws -> SecurityAssociation {
        guard let site = SiteName("bench"), let local = IPAddress("203.0.113.1"), let remote = IPAddress("203.0.113.2") else {
            throw BenchmarkError.wrongResult("names")
        }
        return SecurityAssociation(
            peer: site, direction: .outbound, spi: SPI(rawValue: 0x1000), encryption: .aes256gcm16,
            keyingMaterial: SecretBytes((0..<36).map { UInt8($0) }), extendedSequenceNumbers: true, mode: .tunnel,
            local: Endpoint(address: local, port: 4500), remote: Endpoint(address: remote, port: 4500), selectors: [])
    }
}

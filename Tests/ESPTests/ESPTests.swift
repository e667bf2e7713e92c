import ESP
import WarrenModel

/// Bytes from hexadecimal text.
func bytes(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

/// A generator whose numbers depend on its seed alone (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

let alpha = IPAddress("192.0.2.1")!
let beta = IPAddress("198.51.100.2")!
let keyAndSalt = bytes("101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2fa1b2c3d4")

/// An SA from alpha to beta that carries IP-in-IP.
func association(
    _ direction: SecurityPolicy.Direction, encryption: EncryptionAlgorithm = .aes256gcm16, material: [UInt8] = keyAndSalt,
    extended: Bool = false, mode: IPsecMode = .tunnel, spi: UInt32 = 0xdead_beef,
    selectors: [TrafficSelector] = [.init(source: .init(host: alpha), destination: .init(host: beta), ipProtocol: .ipencap)]
) -> SecurityAssociation {
    SecurityAssociation(
        peer: SiteName(direction == .inbound ? "alpha" : "beta")!, direction: direction, spi: SPI(rawValue: spi),
        encryption: encryption, keyingMaterial: SecretBytes(material), extendedSequenceNumbers: extended, mode: mode,
        local: Endpoint(address: direction == .inbound ? beta : alpha, port: 4500),
        remote: Endpoint(address: direction == .inbound ? alpha : beta, port: 4500), selectors: selectors)
}

/// Seals a payload into a packet of its own; throws the reason when that fails.
func seal(_ payload: [UInt8], _ sender: OutboundAssociation<PacketCipher>, nextHeader: UInt8 = 4) throws -> [UInt8] {
    var packet = [UInt8](repeating: 0xee, count: sender.layout.sealedLength(payload: payload.count))
    let start = sender.layout.payloadOffset
    packet.replaceSubrange(start..<start + payload.count, with: payload)
    let reason = packet.withUnsafeMutableBytes {
        sender.seal($0.baseAddress!, payload: payload.count, nextHeader: nextHeader)
    }
    if let reason { throw Dropped(reason: reason) }
    return packet
}

/// Opens a copy of a packet.
func open(_ packet: [UInt8], _ receiver: InboundAssociation<PacketCipher>) throws -> [UInt8] {
    // Exactly as much memory as the packet has, so that reading past it shows under a sanitizer.
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(packet.count, 1), alignment: 16)
    defer { memory.deallocate() }
    memory.copyBytes(from: packet)
    switch receiver.open(memory.baseAddress!, count: packet.count) {
    case .dummy: throw Dropped(reason: .dummy)
    case .dropped(let reason): throw Dropped(reason: reason)
    case .payload(let count, _): return Array(memory[receiver.layout.payloadOffset...].prefix(count))
    }
}

struct Dropped: Error, Equatable { let reason: DropReason }

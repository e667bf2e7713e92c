/// One transform of a proposal (RFC 7296, 3.3.2): its type, its number, and the key length where it has one.
struct Transform: Equatable {
    var type: UInt8
    var id: UInt16
    var keyLengthBits: UInt16?

    init(_ type: Kind, _ id: UInt16, keyLengthBits: UInt16? = nil) {
        self.type = type.rawValue
        self.id = id
        self.keyLengthBits = keyLengthBits
    }

    init(type: UInt8, id: UInt16, keyLengthBits: UInt16?) {
        self.type = type
        self.id = id
        self.keyLengthBits = keyLengthBits
    }

    enum Kind: UInt8 {
        case encryption = 1
        case prf = 2
        case integrity = 3
        case keyExchange = 4
        case extendedSequenceNumbers = 5
    }
}

/// One proposal of an SA payload (RFC 7296, 3.3.1).
struct WireProposal: Equatable {
    var number: UInt8
    var protocolID: UInt8
    var spi: [UInt8]
    var transforms: [Transform]

    func has(_ transform: Transform) -> Bool { transforms.contains(transform) }
    func ids(_ kind: Transform.Kind) -> [UInt16] { transforms.filter { $0.type == kind.rawValue }.map(\.id) }
}

/// The SA payload's body (RFC 7296, 3.3).
enum SAPayload {
    static let maximumProposals = 64
    static let maximumTransforms = 128
    private static let keyLengthAttribute: UInt16 = 0x800E

    static func parse(_ body: ByteReader) throws(WireError) -> [WireProposal] {
        var reader = body
        var proposals: [WireProposal] = []
        while !reader.isEmpty {
            guard proposals.count < maximumProposals else { throw .tooMany }
            let more = try reader.byte()
            _ = try reader.byte()
            let length = try reader.uint16()
            guard length >= 8 else { throw .badLength }
            var inner = try reader.reader(Int(length) - 4)
            proposals.append(try proposal(&inner))
            guard (more == 2) == !reader.isEmpty, more == 0 || more == 2 else { throw .malformed }
        }
        guard !proposals.isEmpty else { throw .malformed }
        return proposals
    }

    private static func proposal(_ reader: inout ByteReader) throws(WireError) -> WireProposal {
        let number = try reader.byte(), protocolID = try reader.byte()
        let spiLength = try reader.byte(), count = try reader.byte()
        guard spiLength <= 8, Int(count) <= maximumTransforms else { throw .malformed }
        let spi = try reader.bytes(Int(spiLength))
        var transforms: [Transform] = []
        for _ in 0..<Int(count) {
            _ = try reader.byte()
            _ = try reader.byte()
            let length = try reader.uint16()
            guard length >= 8 else { throw .badLength }
            var inner = try reader.reader(Int(length) - 4)
            if let transform = try transform(&inner) { transforms.append(transform) }
        }
        guard reader.isEmpty else { throw .trailingBytes }
        return WireProposal(number: number, protocolID: protocolID, spi: spi, transforms: transforms)
    }

    /// Nil for a transform with an attribute that we don't know: the transform must not be chosen (RFC 7296, 3.3.6).
    private static func transform(_ reader: inout ByteReader) throws(WireError) -> Transform? {
        let type = try reader.byte()
        _ = try reader.byte()
        let id = try reader.uint16()
        var keyLength: UInt16?
        var understood = true
        while !reader.isEmpty {
            let attribute = try reader.uint16(), value = try reader.uint16()
            if attribute == keyLengthAttribute, keyLength == nil {
                keyLength = value
            } else {
                understood = false
                // Without the format bit the second number is the length of what follows.
                if attribute & 0x8000 == 0 { _ = try reader.slice(Int(value)) }
            }
        }
        return understood ? Transform(type: type, id: id, keyLengthBits: keyLength) : nil
    }

    static func encode(_ proposals: [WireProposal], into writer: inout ByteWriter) {
        for (index, proposal) in proposals.enumerated() {
            writer.byte(index == proposals.count - 1 ? 0 : 2)
            writer.byte(0)
            writer.sized(before: 2) { writer in
                writer.byte(proposal.number)
                writer.byte(proposal.protocolID)
                writer.byte(UInt8(clamping: proposal.spi.count))
                writer.byte(UInt8(clamping: proposal.transforms.count))
                writer.append(proposal.spi)
                for (index, transform) in proposal.transforms.enumerated() {
                    writer.byte(index == proposal.transforms.count - 1 ? 0 : 3)
                    writer.byte(0)
                    writer.sized(before: 2) { writer in
                        writer.byte(transform.type)
                        writer.byte(0)
                        writer.uint16(transform.id)
                        if let bits = transform.keyLengthBits {
                            writer.uint16(keyLengthAttribute)
                            writer.uint16(bits)
                        }
                    }
                }
            }
        }
    }
}

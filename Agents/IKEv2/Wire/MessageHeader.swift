import WarrenModel

/// The kinds of exchange (RFC 7296, 3.1).
enum ExchangeType: UInt8 {
    case ikeSAInit = 34
    case ikeAuth = 35
    case createChildSA = 36
    case informational = 37
}

/// The 28 bytes before every message (RFC 7296, 3.1).
struct MessageHeader: Equatable {
    static let length = 28
    static let lengthOffset = 24

    var initiatorSPI: IKESPI
    var responderSPI: IKESPI
    var nextPayload: UInt8 = 0
    var exchange: UInt8
    /// The sender is the one who began this IKE SA.
    var fromInitiator: Bool
    var isResponse: Bool
    var messageID: UInt32

    init(
        initiatorSPI: IKESPI, responderSPI: IKESPI, exchange: ExchangeType, fromInitiator: Bool, isResponse: Bool,
        messageID: UInt32
    ) {
        self.initiatorSPI = initiatorSPI
        self.responderSPI = responderSPI
        self.exchange = exchange.rawValue
        self.fromInitiator = fromInitiator
        self.isResponse = isResponse
        self.messageID = messageID
    }

    /// Reads the header of a whole datagram; its length field must say exactly the datagram's length.
    init(reading datagram: [UInt8]) throws(WireError) {
        var reader = ByteReader(datagram)
        initiatorSPI = IKESPI(rawValue: try reader.uint64())
        responderSPI = IKESPI(rawValue: try reader.uint64())
        nextPayload = try reader.byte()
        let version = try reader.byte()
        exchange = try reader.byte()
        let flags = try reader.byte()
        fromInitiator = flags & 0x08 != 0
        isResponse = flags & 0x20 != 0
        messageID = try reader.uint32()
        let length = try reader.uint32()
        guard version >> 4 == 2 else { throw .unsupportedMajorVersion(version >> 4) }
        guard Int(length) == datagram.count else { throw .badLength }
    }

    /// The header with `length` as the whole message's.
    func encoded(nextPayload: UInt8, length: Int) -> [UInt8] {
        var writer = ByteWriter()
        writer.uint64(initiatorSPI.rawValue)
        writer.uint64(responderSPI.rawValue)
        writer.byte(nextPayload)
        writer.byte(0x20)
        writer.byte(exchange)
        writer.byte((fromInitiator ? 0x08 : 0) | (isResponse ? 0x20 : 0))
        writer.uint32(messageID)
        writer.uint32(UInt32(clamping: length))
        return writer.bytes
    }
}

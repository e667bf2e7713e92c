import WarrenModel

/// The number of each payload type (RFC 7296, 3.2; RFC 7383, 2.5).
enum PayloadType: UInt8 {
    case securityAssociation = 33
    case keyExchange = 34
    case identificationInitiator = 35
    case identificationResponder = 36
    case certificate = 37
    case certificateRequest = 38
    case authentication = 39
    case nonce = 40
    case notify = 41
    case delete = 42
    case vendorID = 43
    case trafficSelectorsInitiator = 44
    case trafficSelectorsResponder = 45
    case encrypted = 46
    case configuration = 47
    case extensibleAuthentication = 48
    case encryptedFragment = 53
}

/// An ID payload (RFC 7296, 3.5) with its reserved bytes as received, because AUTH covers them (2.15).
struct Identification: Equatable {
    static let ipv4Address: UInt8 = 1
    static let ipv6Address: UInt8 = 5

    var type: UInt8
    var reserved: [UInt8] = [0, 0, 0]
    var data: [UInt8]

    init(_ address: IPAddress) {
        type = address.family == .ipv4 ? Self.ipv4Address : Self.ipv6Address
        data = address.bytes
    }

    init(type: UInt8, reserved: [UInt8], data: [UInt8]) {
        self.type = type
        self.reserved = reserved
        self.data = data
    }

    /// The payload without its generic header.
    var body: [UInt8] { [type] + reserved + data }

    var address: IPAddress? {
        switch type {
        case Self.ipv4Address where data.count == 4: IPAddress(bytes: data)
        case Self.ipv6Address where data.count == 16: IPAddress(bytes: data)
        default: nil
        }
    }
}

/// A Delete payload (RFC 7296, 3.11); for an IKE SA it names no SPI.
enum Deletion: Equatable {
    case ikeSA
    case esp([SPI])
    /// Of a protocol that we don't run.
    case other(UInt8)
}

/// The payloads that the engine acts on.
enum Payload: Equatable {
    case securityAssociation([WireProposal])
    case keyExchange(group: UInt16, data: [UInt8])
    case identificationInitiator(Identification)
    case identificationResponder(Identification)
    case authentication(method: UInt8, data: [UInt8])
    case nonce([UInt8])
    case notify(Notify)
    case delete(Deletion)
    case trafficSelectorsInitiator([WireTrafficSelector])
    case trafficSelectorsResponder([WireTrafficSelector])
    /// Known or not critical, and of no use to us: vendor ids, certificates, configuration, the unknown.
    case ignored(UInt8)

    var typeNumber: UInt8 {
        switch self {
        case .securityAssociation: PayloadType.securityAssociation.rawValue
        case .keyExchange: PayloadType.keyExchange.rawValue
        case .identificationInitiator: PayloadType.identificationInitiator.rawValue
        case .identificationResponder: PayloadType.identificationResponder.rawValue
        case .authentication: PayloadType.authentication.rawValue
        case .nonce: PayloadType.nonce.rawValue
        case .notify: PayloadType.notify.rawValue
        case .delete: PayloadType.delete.rawValue
        case .trafficSelectorsInitiator: PayloadType.trafficSelectorsInitiator.rawValue
        case .trafficSelectorsResponder: PayloadType.trafficSelectorsResponder.rawValue
        case .ignored(let type): type
        }
    }
}

/// A chain of payloads (RFC 7296, 3.2).
enum PayloadChain {
    static let maximumPayloads = 256

    /// Reads payloads from the first type on, until a type of 0. `stop` ends the walk before payloads that are encrypted.
    static func parse(_ bytes: ArraySlice<UInt8>, first: UInt8) throws(WireError) -> [Payload] {
        var reader = ByteReader(bytes)
        var payloads: [Payload] = []
        var next = first
        while next != 0 {
            guard payloads.count < maximumPayloads else { throw .tooMany }
            let type = next
            next = try reader.byte()
            let critical = try reader.byte() & 0x80 != 0
            let length = try reader.uint16()
            guard length >= 4 else { throw .badLength }
            payloads.append(try payload(type, critical: critical, try reader.reader(Int(length) - 4)))
        }
        guard reader.isEmpty else { throw .trailingBytes }
        return payloads
    }

    private static func payload(_ type: UInt8, critical: Bool, _ body: ByteReader) throws(WireError) -> Payload {
        guard let known = PayloadType(rawValue: type) else {
            guard !critical else { throw .unsupportedCriticalPayload(type) }
            return .ignored(type)
        }
        var reader = body
        switch known {
        case .securityAssociation: return .securityAssociation(try SAPayload.parse(body))
        case .keyExchange:
            let group = try reader.uint16()
            _ = try reader.uint16()
            return .keyExchange(group: group, data: reader.remaining())
        case .identificationInitiator: return .identificationInitiator(try identification(&reader))
        case .identificationResponder: return .identificationResponder(try identification(&reader))
        case .authentication:
            let method = try reader.byte()
            _ = try reader.bytes(3)
            return .authentication(method: method, data: reader.remaining())
        case .nonce:
            // RFC 7296, 3.9.
            guard (16...256).contains(reader.count) else { throw .malformed }
            return .nonce(reader.remaining())
        case .notify:
            let protocolID = try reader.byte(), spiLength = try reader.byte(), type = try reader.uint16()
            let spi = try reader.bytes(Int(spiLength))
            return .notify(Notify(protocolID: protocolID, spi: spi, type: type, data: reader.remaining()))
        case .delete: return .delete(try deletion(&reader))
        case .trafficSelectorsInitiator: return .trafficSelectorsInitiator(try TSPayload.parse(body))
        case .trafficSelectorsResponder: return .trafficSelectorsResponder(try TSPayload.parse(body))
        case .certificate, .certificateRequest, .vendorID, .configuration, .extensibleAuthentication: return .ignored(type)
        // Encrypted payloads are taken off before; one inside another is an error.
        case .encrypted, .encryptedFragment: throw .malformed
        }
    }

    private static func identification(_ reader: inout ByteReader) throws(WireError) -> Identification {
        let type = try reader.byte()
        let reserved = try reader.bytes(3)
        return Identification(type: type, reserved: reserved, data: reader.remaining())
    }

    private static func deletion(_ reader: inout ByteReader) throws(WireError) -> Deletion {
        let protocolID = try reader.byte(), spiLength = try reader.byte(), count = try reader.uint16()
        if protocolID == SecurityProtocol.ike {
            guard spiLength == 0, count == 0, reader.isEmpty else { throw .malformed }
            return .ikeSA
        }
        guard protocolID == SecurityProtocol.esp else { return .other(protocolID) }
        guard spiLength == 4, reader.count == Int(count) * 4 else { throw .malformed }
        var spis: [SPI] = []
        for _ in 0..<count { spis.append(SPI(rawValue: try reader.uint32())) }
        return .esp(spis)
    }

    /// The payloads as bytes, each with its generic header; the first one's type goes into what comes before.
    static func encode(_ payloads: [Payload]) -> (first: UInt8, bytes: [UInt8]) {
        var writer = ByteWriter()
        for (index, payload) in payloads.enumerated() {
            writer.byte(index + 1 < payloads.count ? payloads[index + 1].typeNumber : 0)
            writer.byte(0)
            writer.sized(before: 2) { encodeBody(of: payload, into: &$0) }
        }
        return (payloads.first?.typeNumber ?? 0, writer.bytes)
    }

    private static func encodeBody(of payload: Payload, into writer: inout ByteWriter) {
        switch payload {
        case .securityAssociation(let proposals): SAPayload.encode(proposals, into: &writer)
        case .keyExchange(let group, let data):
            writer.uint16(group)
            writer.uint16(0)
            writer.append(data)
        case .identificationInitiator(let id), .identificationResponder(let id): writer.append(id.body)
        case .authentication(let method, let data):
            writer.append([method, 0, 0, 0])
            writer.append(data)
        case .nonce(let nonce): writer.append(nonce)
        case .notify(let notify):
            writer.byte(notify.protocolID)
            writer.byte(UInt8(clamping: notify.spi.count))
            writer.uint16(notify.type)
            writer.append(notify.spi)
            writer.append(notify.data)
        case .delete(.ikeSA): writer.append([SecurityProtocol.ike, 0, 0, 0])
        case .delete(.esp(let spis)):
            writer.append([SecurityProtocol.esp, 4])
            writer.uint16(UInt16(clamping: spis.count))
            for spi in spis { writer.uint32(spi.rawValue) }
        case .delete(.other(let protocolID)): writer.append([protocolID, 0, 0, 0])
        case .trafficSelectorsInitiator(let selectors), .trafficSelectorsResponder(let selectors):
            TSPayload.encode(selectors, into: &writer)
        case .ignored: break
        }
    }
}

import WarrenModel

/// The notify message types that the engine knows (RFC 7296, 3.10.1; RFC 9611, 5); others are carried by number.
enum NotifyType: UInt16 {
    case unsupportedCriticalPayload = 1
    case invalidIKESPI = 4
    case invalidMajorVersion = 5
    case invalidSyntax = 7
    case invalidMessageID = 9
    case invalidSPI = 11
    case noProposalChosen = 14
    case invalidKEPayload = 17
    case authenticationFailed = 24
    case singlePairRequired = 34
    case noAdditionalSAs = 35
    case internalAddressFailure = 36
    case failedCPRequired = 37
    case tsUnacceptable = 38
    case invalidSelectors = 39
    case temporaryFailure = 43
    case childSANotFound = 44
    case tsMaxQueue = 48
    case initialContact = 16_384
    case natDetectionSourceIP = 16_388
    case natDetectionDestinationIP = 16_389
    case cookie = 16_390
    case useTransportMode = 16_391
    case rekeySA = 16_393
    case espTFCPaddingNotSupported = 16_394
    case nonFirstFragmentsAlso = 16_395
    case fragmentationSupported = 16_430
    case saResourceInfo = 16_444

    /// The name that the RFC gives it.
    var standardName: String {
        switch self {
        case .unsupportedCriticalPayload: "UNSUPPORTED_CRITICAL_PAYLOAD"
        case .invalidIKESPI: "INVALID_IKE_SPI"
        case .invalidMajorVersion: "INVALID_MAJOR_VERSION"
        case .invalidSyntax: "INVALID_SYNTAX"
        case .invalidMessageID: "INVALID_MESSAGE_ID"
        case .invalidSPI: "INVALID_SPI"
        case .noProposalChosen: "NO_PROPOSAL_CHOSEN"
        case .invalidKEPayload: "INVALID_KE_PAYLOAD"
        case .authenticationFailed: "AUTHENTICATION_FAILED"
        case .singlePairRequired: "SINGLE_PAIR_REQUIRED"
        case .noAdditionalSAs: "NO_ADDITIONAL_SAS"
        case .internalAddressFailure: "INTERNAL_ADDRESS_FAILURE"
        case .failedCPRequired: "FAILED_CP_REQUIRED"
        case .tsUnacceptable: "TS_UNACCEPTABLE"
        case .invalidSelectors: "INVALID_SELECTORS"
        case .temporaryFailure: "TEMPORARY_FAILURE"
        case .childSANotFound: "CHILD_SA_NOT_FOUND"
        case .tsMaxQueue: "TS_MAX_QUEUE"
        case .initialContact: "INITIAL_CONTACT"
        case .natDetectionSourceIP: "NAT_DETECTION_SOURCE_IP"
        case .natDetectionDestinationIP: "NAT_DETECTION_DESTINATION_IP"
        case .cookie: "COOKIE"
        case .useTransportMode: "USE_TRANSPORT_MODE"
        case .rekeySA: "REKEY_SA"
        case .espTFCPaddingNotSupported: "ESP_TFC_PADDING_NOT_SUPPORTED"
        case .nonFirstFragmentsAlso: "NON_FIRST_FRAGMENTS_ALSO"
        case .fragmentationSupported: "IKEV2_FRAGMENTATION_SUPPORTED"
        case .saResourceInfo: "SA_RESOURCE_INFO"
        }
    }
}

/// A Notify payload (RFC 7296, 3.10).
struct Notify: Equatable {
    var protocolID: UInt8 = 0
    var spi: [UInt8] = []
    var type: UInt16
    var data: [UInt8] = []

    init(_ type: NotifyType, data: [UInt8] = []) {
        self.type = type.rawValue
        self.data = data
    }

    init(_ type: NotifyType, esp spi: SPI) {
        self.type = type.rawValue
        protocolID = SecurityProtocol.esp
        self.spi = spi.networkBytes
    }

    /// With what the sender calls the queue; that is opaque to the receiver (RFC 9611, 5.1).
    init(_ type: NotifyType, queue: Int) {
        self.init(type, data: [UInt8(clamping: queue)])
    }

    init(protocolID: UInt8, spi: [UInt8], type: UInt16, data: [UInt8]) {
        self.protocolID = protocolID
        self.spi = spi
        self.type = type
        self.data = data
    }

    /// Types below 16384 report an error (RFC 7296, 3.10.1).
    var isError: Bool { type < 16_384 }
    var known: NotifyType? { NotifyType(rawValue: type) }
    var name: String { known?.standardName ?? "notify \(type)" }
}

/// Security protocol identifiers (RFC 7296, 3.3.1).
enum SecurityProtocol {
    static let ike: UInt8 = 1
    static let esp: UInt8 = 3
}

extension SPI {
    var networkBytes: [UInt8] {
        var writer = ByteWriter()
        writer.uint32(rawValue)
        return writer.bytes
    }

    init?(networkBytes bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        guard bytes.count == 4, let value = try? reader.uint32() else { return nil }
        self.init(rawValue: value)
    }
}

extension IKESPI {
    var networkBytes: [UInt8] {
        var writer = ByteWriter()
        writer.uint64(rawValue)
        return writer.bytes
    }

    init?(networkBytes bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        guard bytes.count == 8, let value = try? reader.uint64() else { return nil }
        self.init(rawValue: value)
    }
}

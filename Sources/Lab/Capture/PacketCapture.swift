/// The frames of a capture file in the classic pcap format, either byte order, micro- or nanoseconds.
///
/// The format: a header of 24 bytes (magic, version 2.4, zone, accuracy, longest record, link type), then records of 16
/// bytes of header (seconds, fraction, captured length, original length) and the captured bytes.
public struct PacketCapture: Sendable {
    public struct Frame: Sendable, Equatable {
        /// Seconds since 1970.
        public let seconds: Double
        public let bytes: [UInt8]
        /// The capture kept less than what was on the wire.
        public let isTruncated: Bool
    }

    public enum Fault: Error, Equatable, CustomStringConvertible {
        case notACapture
        /// It begins at another layer than was expected.
        case otherLinkType(UInt32)
        /// The record that starts at this offset claims more than a frame can hold.
        case oversizedRecord(offset: Int)

        public var description: String {
            switch self {
            case .notACapture: "not a capture file in the pcap format"
            case .otherLinkType(let type): "a capture of link type \(type), which was not expected"
            case .oversizedRecord(let offset): "the record at byte \(offset) is longer than any frame"
            }
        }
    }

    /// Every record that is complete. A record that the writer had not finished ends the list without a fault.
    public let frames: [Frame]
    /// The file ended inside a record.
    public let endsInsideRecord: Bool

    static let longestRecord: UInt32 = 1 << 20
    public static let ethernet: UInt32 = 1
    /// Packets that begin with their IP header.
    public static let rawIP: UInt32 = 101

    public init(_ file: [UInt8], linkType expected: UInt32 = PacketCapture.ethernet) throws(Fault) {
        guard file.count >= 24 else { throw .notACapture }
        var reader = ByteReader(file)
        guard let order = Self.order(of: file) else { throw .notACapture }
        reader.isLittleEndian = order.isLittleEndian
        reader.skip(20)
        guard let linkType = reader.uint32() else { throw .notACapture }
        guard linkType & 0xFFFF == expected else { throw .otherLinkType(linkType & 0xFFFF) }
        var frames: [Frame] = []
        var endsInside = false
        while reader.remaining > 0 {
            let offset = reader.offset
            guard let seconds = reader.uint32(), let fraction = reader.uint32(), let captured = reader.uint32(),
                let original = reader.uint32()
            else {
                endsInside = true
                break
            }
            guard captured <= Self.longestRecord else { throw .oversizedRecord(offset: offset) }
            guard let bytes = reader.bytes(Int(captured)) else {
                endsInside = true
                break
            }
            frames.append(
                Frame(
                    seconds: Double(seconds) + Double(fraction) / order.fractionsPerSecond, bytes: Array(bytes),
                    isTruncated: captured < original))
        }
        self.frames = frames
        endsInsideRecord = endsInside
    }

    private static func order(of file: [UInt8]) -> (isLittleEndian: Bool, fractionsPerSecond: Double)? {
        switch Array(file.prefix(4)) {
        case [0xD4, 0xC3, 0xB2, 0xA1]: (true, 1e6)
        case [0xA1, 0xB2, 0xC3, 0xD4]: (false, 1e6)
        case [0x4D, 0x3C, 0xB2, 0xA1]: (true, 1e9)
        case [0xA1, 0xB2, 0x3C, 0x4D]: (false, 1e9)
        default: nil
        }
    }
}

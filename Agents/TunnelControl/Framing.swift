import CWarrenSystem
import FoundationEssentials

/// Messages as frames: a 32-bit length in network order, then that many bytes of JSON.
enum Framing {
    static let headerLength = 4

    static func frame(_ message: some Encodable) throws(ControlError) -> [UInt8] {
        let body: Data
        do { body = try JSONEncoder().encode(message) } catch { throw ControlError.malformed("\(error)") }
        guard body.count <= TunnelControl.maximumLength else { throw ControlError.tooLong(body.count) }
        let length = UInt32(body.count)
        return [UInt8(length >> 24), UInt8(length >> 16 & 255), UInt8(length >> 8 & 255), UInt8(length & 255)] + body
    }

    static func decode<Message: Decodable>(_ type: Message.Type, from body: [UInt8]) throws(ControlError) -> Message {
        do { return try JSONDecoder().decode(type, from: Data(body)) } catch {
            // The decoder's own text may quote what it read, and that may be a key.
            throw ControlError.malformed("not a \(type)")
        }
    }
}

/// Cuts a stream of bytes into frames' bodies. The length is checked before anything is kept for it.
public struct FrameReader {
    private var buffer: [UInt8] = []

    public init() {}

    /// True between two frames: nothing of a next one has come.
    public var isEmpty: Bool { buffer.isEmpty }

    public mutating func append(_ bytes: some Collection<UInt8>) { buffer.append(contentsOf: bytes) }

    /// The next whole body, or nil until more bytes come.
    public mutating func next() throws(ControlError) -> [UInt8]? {
        guard buffer.count >= Framing.headerLength else { return nil }
        let length = buffer[0..<Framing.headerLength].reduce(0) { $0 << 8 | Int($1) }
        guard length <= TunnelControl.maximumLength else { throw ControlError.tooLong(length) }
        let end = Framing.headerLength + length
        guard buffer.count >= end else { return nil }
        let body = Array(buffer[Framing.headerLength..<end])
        erase(&buffer, 0..<end)
        buffer.removeFirst(end)
        return body
    }
}

/// Overwrites bytes that may hold a key before their storage is used for something else.
func erase(_ bytes: inout [UInt8], _ range: Range<Int>) {
    for index in range.clamped(to: bytes.indices) { bytes[index] = 0 }
}

/// What a socket gives, without waiting: how many bytes, or -1 with errno, and the descriptors beside them.
func receiveBytes(_ socket: OwnedDescriptor, into bytes: UnsafeMutableRawBufferPointer) -> (count: Int, descriptors: [Int32]) {
    var descriptors = [Int32](repeating: -1, count: WARREN_MOST_DESCRIPTORS), arrived = 0
    let count = warren_receive(socket.rawValue, bytes.baseAddress, bytes.count, &descriptors, &arrived)
    return (count, Array(descriptors.prefix(arrived)))
}

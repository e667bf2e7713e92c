import WarrenModel

/// Follows the borders of TLS records (RFC 8446, 5.1) through TCP streams, so that cleartext cannot hide behind a first
/// segment that looks right.
struct TLSRecordTracker: Sendable {
    /// One direction of one connection.
    struct Stream: Hashable, Sendable {
        let source: Endpoint
        let destination: Endpoint
    }

    private struct Position: Sendable {
        /// The sequence number of the next byte.
        var next: UInt32
        /// Bytes of the current record that are still to come.
        var missing: Int
        /// The first bytes of a record header whose rest is still to come.
        var header: [UInt8]
    }

    private var positions: [Stream: Position] = [:]

    /// Whether `content`, which starts at `sequence`, is what a stream of TLS records can hold there.
    ///
    /// A stream that is met in its middle must be met at the start of a record. What was seen before (a
    /// retransmission) is not looked at again; after a hole the stream must go on with a record's start.
    mutating func accept(_ content: ArraySlice<UInt8>, at sequence: UInt32, of stream: Stream, opens: Bool) -> Bool {
        if opens {
            positions[stream] = Position(next: sequence &+ 1, missing: 0, header: [])
            return content.isEmpty
        }
        // A keep-alive probe repeats one byte that was acknowledged before (RFC 9293, 3.8.4).
        guard !content.isEmpty else { return true }
        var position = positions[stream] ?? Position(next: sequence, missing: 0, header: [])
        var fresh = content
        let ahead = Int32(bitPattern: sequence &- position.next)
        if ahead < 0 {
            let known = Int(ahead.magnitude)
            guard known < content.count else { return true }
            fresh = content.dropFirst(known)
        } else if ahead > 0 {
            position = Position(next: sequence, missing: 0, header: [])
        }
        guard Self.advance(&position, over: fresh) else { return false }
        position.next = sequence &+ UInt32(truncatingIfNeeded: content.count)
        positions[stream] = position
        return true
    }

    private static func advance(_ position: inout Position, over content: ArraySlice<UInt8>) -> Bool {
        var rest = content
        while !rest.isEmpty {
            let skipped = min(position.missing, rest.count)
            position.missing -= skipped
            rest = rest.dropFirst(skipped)
            let wanted = 5 - position.header.count
            position.header += rest.prefix(wanted)
            rest = rest.dropFirst(wanted)
            guard position.missing == 0, !position.header.isEmpty else { continue }
            guard isRecordHeader(position.header) else { return false }
            guard position.header.count == 5 else { return true }
            position.missing = Int(position.header[3]) << 8 | Int(position.header[4])
            position.header = []
        }
        return true
    }

    /// Type 20…23, legacy version 3.1…3.3, and no more than 2^14 + 256 bytes; true also for the start of such a header.
    private static func isRecordHeader(_ header: [UInt8]) -> Bool {
        let type = header.first.map { (20...23).contains($0) } ?? true
        let major = header.dropFirst().first.map { $0 == 3 } ?? true
        let minor = header.dropFirst(2).first.map { (1...3).contains($0) } ?? true
        guard header.count == 5 else { return type && major && minor }
        let length = Int(header[3]) << 8 | Int(header[4])
        return type && major && minor && (1...16640).contains(length)
    }
}

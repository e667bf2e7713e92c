import WarrenModel

/// What came of opening a protected message.
enum Opened {
    case whole(first: UInt8, plaintext: [UInt8])
    /// Authentic, but more fragments are needed.
    case partial
    /// To be ignored.
    case forged
}

extension Envelope {
    private static let fragmentPrefix = 4

    /// Opens an SK payload, or one piece of a message in SKF payloads (RFC 7383).
    func open(_ datagram: [UInt8], _ header: MessageHeader, _ fragments: inout FragmentBuffer) -> Opened {
        if header.nextPayload == PayloadType.encryptedFragment.rawValue {
            guard let (number, total, first, plaintext) = openFragment(datagram) else { return .forged }
            let whole = fragments.add(
                messageID: header.messageID, isResponse: header.isResponse, number: number, total: total, first: first,
                plaintext: plaintext)
            return whole.map { .whole(first: $0.first, plaintext: $0.plaintext) } ?? .partial
        }
        guard let opened = open(datagram, header) else { return .forged }
        return .whole(first: opened.first, plaintext: opened.plaintext)
    }

    /// Whether the datagram is authentic, and whole or the first of its fragments: what a repeated request is
    /// answered for, once (RFC 7383, 2.6.1).
    func isFirstPart(_ datagram: [UInt8], _ header: MessageHeader) -> Bool {
        if header.nextPayload == PayloadType.encryptedFragment.rawValue { return openFragment(datagram)?.number == 1 }
        return open(datagram, header) != nil
    }

    private func openFragment(
        _ datagram: [UInt8]
    ) -> (number: UInt16, total: UInt16, first: UInt8, plaintext: [UInt8])? {
        guard let opened = open(datagram, prefixLength: Self.fragmentPrefix) else { return nil }
        var reader = ByteReader(opened.prefix)
        guard let number = try? reader.uint16(), let total = try? reader.uint16() else { return nil }
        return (number, total, opened.first, opened.plaintext)
    }

    /// The message as one datagram, or as several when that was agreed and one would be longer than `limit`.
    mutating func seal(
        _ header: MessageHeader, _ payloads: [Payload], fragmentation: Bool, limit: Int
    ) -> [[UInt8]] {
        let (first, plaintext) = PayloadChain.encode(payloads)
        let overhead = Self.minimumLength + Self.fragmentPrefix
        guard fragmentation, Self.minimumLength + plaintext.count > limit, limit > overhead else {
            return seal(header, type: .encrypted, first: first, prefix: [], plaintext: plaintext).map { [$0] } ?? []
        }
        let size = limit - overhead
        let total = (plaintext.count + size - 1) / size
        guard total <= Int(FragmentBuffer.maximumFragments) else { return [] }
        return (0..<total).compactMap { index in
            var prefix = ByteWriter()
            prefix.uint16(UInt16(index + 1))
            prefix.uint16(UInt16(total))
            let piece = Array(plaintext[index * size..<min((index + 1) * size, plaintext.count)])
            return seal(
                header, type: .encryptedFragment, first: index == 0 ? first : 0, prefix: prefix.bytes, plaintext: piece)
        }
    }
}

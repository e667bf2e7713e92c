/// Reads addresses byte by byte, since a mesh, or a file of prefixes, has very many of them.
enum AddressText {
    /// Bytes of the longest address: an IPv6 one that ends in a dotted quad.
    static let maximumLength = 45

    /// Four decimal parts without leading zeros (RFC 6943, 3.1.1).
    static func ipv4(_ text: ArraySlice<UInt8>) -> UInt32? {
        var value: UInt32 = 0, part: UInt32 = 0
        var digits = 0, dots = 0
        for byte in text {
            if byte == UInt8(ascii: ".") {
                guard digits > 0, dots < 3 else { return nil }
                value = value << 8 | part
                (part, digits) = (0, 0)
                dots += 1
            } else {
                guard (48...57).contains(byte), digits < 3, digits == 0 || part > 0 else { return nil }
                part = part * 10 + UInt32(byte - 48)
                digits += 1
                if part > 255 { return nil }
            }
        }
        return dots == 3 && digits > 0 ? value << 8 | part : nil
    }

    /// Eight groups, or fewer around one `::` (RFC 4291, 2.2); a dotted quad may stand for the last two.
    static func ipv6(_ text: ArraySlice<UInt8>) -> UInt128? {
        guard text.count <= maximumLength else { return nil }
        let colon = UInt8(ascii: ":")
        var gap: Int?
        var previous: UInt8?
        for (index, byte) in zip(text.indices, text) {
            if byte == colon, previous == colon {
                if gap != nil { return nil }
                gap = index - 1
            }
            previous = byte
        }
        guard let gap else {
            return groups(text, quadMayEnd: true).flatMap { $0.count == 8 ? $0.bits : nil }
        }
        guard let head = groups(text[..<gap], quadMayEnd: false), let tail = groups(text[(gap + 2)...], quadMayEnd: true),
            head.count + tail.count <= 7
        else { return nil }
        // With no group before the gap there is nothing to shift, and by less than the 128 bits there are.
        return head.count == 0 ? tail.bits : head.bits << UInt128(128 - 16 * head.count) | tail.bits
    }

    /// Groups of one to four hexadecimal digits between colons, as one number; no group at all in an empty text.
    private static func groups(_ text: ArraySlice<UInt8>, quadMayEnd: Bool) -> (bits: UInt128, count: Int)? {
        var bits: UInt128 = 0
        var count = 0
        if text.isEmpty { return (0, 0) }
        var rest = text
        while true {
            let end = rest.firstIndex(of: UInt8(ascii: ":")) ?? rest.endIndex
            let group = rest[..<end]
            if group.contains(UInt8(ascii: ".")) {
                guard quadMayEnd, end == rest.endIndex, count <= 6, let quad = ipv4(group) else { return nil }
                return (bits << 32 | UInt128(quad), count + 2)
            }
            guard (1...4).contains(group.count), count < 8 else { return nil }
            var value: UInt16 = 0
            for byte in group {
                guard let digit = hexadecimal(byte) else { return nil }
                value = value << 4 | digit
            }
            bits = bits << 16 | UInt128(value)
            count += 1
            if end == rest.endIndex { return (bits, count) }
            rest = rest[(end + 1)...]
        }
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt16? {
        switch byte {
        case 48...57: UInt16(byte - 48)
        case 65...70: UInt16(byte - 55)
        case 97...102: UInt16(byte - 87)
        default: nil
        }
    }
}

import WarrenModel

/// Echo request and reply (RFC 792, RFC 4443 section 4): type, code, checksum, identifier, sequence, and eight bytes that
/// only the sender knows; then zeros, in a request that is to be as large as a packet can be.
struct ICMPEcho: Hashable {
    static let length = 16
    /// The largest message that is read.
    static let mostLength = 65_515

    var identifier: UInt16
    var sequence: UInt16
    var nonce: UInt64

    /// The request as it is handed to a raw socket. The kernel puts ICMPv6's checksum in, for it covers the header.
    ///
    /// - Parameter packetSize: of the whole IP packet in bytes, header and all; the smallest when it is less.
    func request(_ family: AddressFamily, packetSize: Int = 0) -> [UInt8] {
        var bytes: [UInt8] = [family == .ipv4 ? 8 : 128, 0, 0, 0]
        bytes += [identifier, sequence].flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] }
        bytes += stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: nonce >> UInt64($0)) }
        let size = min(packetSize - (family == .ipv4 ? 20 : 40), Self.mostLength)
        if size > bytes.count { bytes += [UInt8](repeating: 0, count: size - bytes.count) }
        if family == .ipv4 {
            let checksum = ~Self.sum(bytes[...])
            bytes[2] = UInt8(checksum >> 8)
            bytes[3] = UInt8(truncatingIfNeeded: checksum)
        }
        return bytes
    }

    /// The reply in what a raw socket received: for IPv4 with the IP header before it, for IPv6 without. Nil for anything
    /// else than a whole echo reply of this length or more with a right checksum (the kernel has checked ICMPv6's).
    init?(reply received: ArraySlice<UInt8>, _ family: AddressFamily) {
        var message = received
        if family == .ipv4 {
            guard let first = received.first, first >> 4 == 4 else { return nil }
            let headerLength = Int(first & 15) * 4
            guard headerLength >= 20, received.count >= headerLength else { return nil }
            message = received.dropFirst(headerLength)
        }
        let bytes = Array(message)
        guard (Self.length...Self.mostLength).contains(bytes.count), bytes[0] == (family == .ipv4 ? 0 : 129), bytes[1] == 0,
            family == .ipv6 || Self.sum(bytes[...]) == 0xFFFF
        else { return nil }
        identifier = UInt16(bytes[4]) << 8 | UInt16(bytes[5])
        sequence = UInt16(bytes[6]) << 8 | UInt16(bytes[7])
        nonce = bytes[8..<16].reduce(0) { $0 << 8 | UInt64($1) }
    }

    init(identifier: UInt16, sequence: UInt16, nonce: UInt64) {
        self.identifier = identifier
        self.sequence = sequence
        self.nonce = nonce
    }

    /// The ones' complement sum of 16-bit words (RFC 1071); an odd byte at the end counts as the higher half of one.
    private static func sum(_ bytes: ArraySlice<UInt8>) -> UInt16 {
        var sum: UInt32 = 0
        var high: UInt32?
        for byte in bytes {
            if let first = high {
                sum += first << 8 | UInt32(byte)
                high = nil
            } else {
                high = UInt32(byte)
            }
        }
        if let high { sum += high << 8 }
        while sum >> 16 != 0 { sum = (sum & 0xFFFF) + (sum >> 16) }
        return UInt16(truncatingIfNeeded: sum)
    }
}

import CWarrenSystem

/// The Internet checksum (RFC 1071), summed in the machine's own byte order: 32-bit words in a 64-bit sum, folded at the end. A sum covers whole 16-bit words; only the last of its parts may have an odd length.
enum InternetChecksum {
    /// Adds `count` bytes to a running sum. At most 2^31 bytes in all.
    @inline(__always)
    static func add(_ sum: UInt64, _ bytes: UnsafeRawPointer, _ count: Int) -> UInt64 {
        var pointer = bytes, left = count, total = sum
        // A call is dearer than the words of a header.
        if left >= 64 {
            total &+= warren_sum_words(pointer, left &>> 2)
            pointer += left & ~3
            left &= 3
        }
        while left >= 4 {
            total &+= UInt64(pointer.loadUnaligned(as: UInt32.self))
            pointer += 4
            left &-= 4
        }
        if left >= 2 {
            total &+= UInt64(pointer.loadUnaligned(as: UInt16.self))
            pointer += 2
            left &-= 2
        }
        // The byte after an odd end counts as zero.
        if left > 0 { total &+= UInt64(UInt16(littleEndian: UInt16(pointer.load(as: UInt8.self)))) }
        return total
    }

    /// Adds one 16-bit word given as a number.
    @inline(__always)
    static func add(_ sum: UInt64, word: UInt16) -> UInt64 { sum &+ UInt64(word.bigEndian) }

    /// The one's-complement sum in 16 bits, in memory order.
    @inline(__always)
    static func fold(_ sum: UInt64) -> UInt16 {
        var folded = (sum & 0xffff_ffff) &+ (sum &>> 32)
        folded = (folded & 0xffff_ffff) &+ (folded &>> 32)
        folded = (folded & 0xffff) &+ (folded &>> 16)
        folded = (folded & 0xffff) &+ (folded &>> 16)
        folded = (folded & 0xffff) &+ (folded &>> 16)
        return UInt16(truncatingIfNeeded: folded)
    }

    /// The sum of the pseudo-header (RFC 9293, 3.1; RFC 8200, 8.1) before `count` bytes of a transport protocol.
    @inline(__always)
    static func pseudoHeader(_ ip: UnsafeRawPointer, isIPv6: Bool, transport: UInt8, count: Int) -> UInt64 {
        let addresses = isIPv6 ? add(0, ip + 8, 32) : add(0, ip + 12, 8)
        return add(add(addresses, word: UInt16(transport)), word: UInt16(truncatingIfNeeded: count))
    }

    /// Writes the header checksum of the IPv4 header of `length` bytes.
    @inline(__always)
    static func finishIPv4(_ ip: UnsafeMutableRawPointer, length: Int) {
        ip.storeBytes(of: 0, toByteOffset: 10, as: UInt16.self)
        ip.storeBytes(of: ~fold(add(0, UnsafeRawPointer(ip), length)), toByteOffset: 10, as: UInt16.self)
    }
}

import Testing

@testable import Tunnel

@Suite struct Checksums {
    /// Word by word, as RFC 1071 tells it.
    private func obvious(_ bytes: ArraySlice<UInt8>) -> UInt16 {
        var sum: UInt32 = 0
        for (index, byte) in bytes.enumerated() {
            sum += index.isMultiple(of: 2) ? UInt32(byte) << 8 : UInt32(byte)
            sum = (sum & 0xffff) + (sum >> 16)
        }
        return UInt16(sum)
    }

    @Test func everyLengthAtEveryAlignment() {
        let bytes = (0..<320).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ 91) }
        for start in 0..<9 {
            for count in 0...300 {
                let sum = bytes.withUnsafeBytes { bytes in
                    bytes.baseAddress.map { InternetChecksum.fold(InternetChecksum.add(0, $0 + start, count)) }
                }
                #expect(sum?.bigEndian == obvious(bytes[start..<start + count]), "\(count) bytes from \(start)")
            }
        }
    }

    @Test func carriesAreNotLost() {
        let bytes = [UInt8](repeating: 0xff, count: 65_535)
        let sum = bytes.withUnsafeBytes { bytes in
            bytes.baseAddress.map { InternetChecksum.fold(InternetChecksum.add(.max >> 8, $0, bytes.count)) }
        }
        // Adding ones changes nothing but the two kinds of zero; the odd byte at the end is no whole word of them.
        let before = InternetChecksum.fold(.max >> 8).bigEndian
        let expected = UInt32(before) + 0xff00
        #expect(sum?.bigEndian == UInt16((expected & 0xffff) + (expected >> 16)))
    }
}

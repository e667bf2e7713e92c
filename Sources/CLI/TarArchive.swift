/// An archive of files with short names, as tar(1) reads it: the ustar format of POSIX.1-2001 (pax, "ustar Interchange Format").
struct TarArchive {
    private static let block = 512
    private(set) var bytes: [UInt8] = []

    /// - Parameters:
    ///   - name: a relative path of at most 100 bytes; what is longer is cut off.
    ///   - modified: in seconds since 1970.
    mutating func add(_ name: String, _ content: [UInt8], modified: UInt64) {
        var header = [UInt8](repeating: 0, count: Self.block)
        func put(_ bytes: some Sequence<UInt8>, at offset: Int, atMost length: Int) {
            for (place, byte) in bytes.prefix(length).enumerated() { header[offset + place] = byte }
        }
        /// Octal digits that fill the field but for its last byte.
        func put(_ number: UInt64, at offset: Int, length: Int) {
            let digits = String(number, radix: 8)
            let padded = String(repeating: "0", count: max(0, length - 1 - digits.utf8.count)) + digits
            put(padded.utf8, at: offset, atMost: length - 1)
        }
        put(name.utf8, at: 0, atMost: 100)
        put(0o600, at: 100, length: 8)
        put(0, at: 108, length: 8)
        put(0, at: 116, length: 8)
        put(UInt64(content.count), at: 124, length: 12)
        put(modified, at: 136, length: 12)
        // The checksum counts its own field as spaces.
        put(repeatElement(UInt8(ascii: " "), count: 8), at: 148, atMost: 8)
        put([UInt8(ascii: "0")], at: 156, atMost: 1)
        put("ustar\u{0}00".utf8, at: 257, atMost: 8)
        let sum = header.reduce(UInt64(0)) { $0 + UInt64($1) }
        put(sum, at: 148, length: 7)
        header[154] = 0
        bytes += header + content
        bytes += repeatElement(0, count: (Self.block - content.count % Self.block) % Self.block)
    }

    /// The archive with its end, two blocks of zeros.
    var file: [UInt8] { bytes + [UInt8](repeating: 0, count: 2 * Self.block) }
}

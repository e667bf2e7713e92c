/// A fuzzer's bytes as a source of decisions: after the last byte all are zero.
struct ByteSource {
    private var bytes: UnsafeRawBufferPointer.SubSequence

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes[...] }

    var isEmpty: Bool { bytes.isEmpty }

    mutating func byte() -> UInt8 { bytes.popFirst() ?? 0 }

    mutating func word() -> UInt16 { UInt16(byte()) << 8 | UInt16(byte()) }

    /// One of 0 ..< `count`.
    mutating func choice(_ count: Int) -> Int { count < 256 ? Int(byte()) % count : Int(word()) % count }

    /// Changes some of `target`, cuts it or lengthens it, as the next byte says: mostly nothing.
    mutating func spoil(_ target: inout [UInt8]) {
        for _ in 0..<Int(byte() & 3) where !target.isEmpty {
            target[choice(target.count)] = byte()
        }
        switch byte() {
        case 1: target.removeLast(min(target.count, choice(64)))
        case 2: target += (0..<choice(64)).map { _ in byte() }
        default: break
        }
    }
}

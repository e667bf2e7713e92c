/// The anti-replay window of an inbound SA (RFC 4303, 3.4.3) as a ring of words (RFC 6479): 1,024 packets wide.
///
/// The order is: `sequence(low:)`, `check`, verify the ICV, `update`. An unauthenticated packet changes nothing.
public struct ReplayWindow: ~Copyable {
    /// How far behind the highest number a packet may come.
    public static let width: UInt64 = 1024
    /// Twice the window, so that advancing clears whole words that the window has left.
    @usableFromInline static let words = 32

    /// The highest authenticated sequence number; 0 before the first.
    public private(set) var top: UInt64 = 0
    private let extended: Bool
    private let bitmap: UnsafeMutablePointer<UInt64>

    /// With `extended`, sequence numbers have 64 bits, of which packets carry the low half (RFC 4303, 2.2.1).
    public init(extended: Bool) {
        self.extended = extended
        bitmap = .allocate(capacity: Self.words)
        bitmap.initialize(repeating: 0, count: Self.words)
    }

    deinit { bitmap.deallocate() }

    /// The whole sequence number of a packet that carries `low` (RFC 4303, A2.1); nil when none is possible: before the
    /// first or after the last.
    public func sequence(low: UInt32) -> UInt64? {
        guard extended else { return UInt64(low) }
        let topLow = UInt32(truncatingIfNeeded: top), topHigh = UInt32(truncatingIfNeeded: top >> 32)
        let bottom = topLow &- UInt32(Self.width) &+ 1
        let high: UInt32
        if topLow >= UInt32(Self.width) - 1 {
            // The window lies in one subspace: smaller numbers are of the next.
            if low >= bottom { high = topHigh } else if topHigh < .max { high = topHigh &+ 1 } else { return nil }
        } else {
            // The window spans two subspaces: numbers from its bottom on are of the previous.
            if low < bottom { high = topHigh } else if topHigh > 0 { high = topHigh &- 1 } else { return nil }
        }
        return UInt64(high) << 32 | UInt64(low)
    }

    /// Whether a packet of this number may still come: not 0, not behind the window, not seen.
    public func check(_ sequence: UInt64) -> Bool {
        if sequence > top { return true }
        guard sequence > 0, top &- sequence < Self.width else { return false }
        return bitmap[Self.word(sequence)] & Self.bit(sequence) == 0
    }

    /// Records an authenticated packet that passed `check`.
    public mutating func update(_ sequence: UInt64) {
        if sequence > top {
            let steps = min((sequence >> 6) &- (top >> 6), UInt64(Self.words))
            var step: UInt64 = 1
            while step <= steps {
                bitmap[Self.word(top &+ step << 6)] = 0
                step &+= 1
            }
            top = sequence
        }
        bitmap[Self.word(sequence)] |= Self.bit(sequence)
    }

    @inline(__always)
    private static func word(_ sequence: UInt64) -> Int { Int(truncatingIfNeeded: sequence >> 6) & (words &- 1) }
    @inline(__always)
    private static func bit(_ sequence: UInt64) -> UInt64 { 1 << (sequence & 63) }
}

/// A generator whose whole sequence follows from its seed, so that a case that fails can be run again (SplitMix64: Steele, Lea
/// and Flood, "Fast splittable pseudorandom number generators", 2014).
public struct SeededNumbers: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    /// Streams of one seed are independent of each other: what is drawn from one does not shift another.
    public init(seed: UInt64, stream: UInt64) {
        state = seed &+ stream &* 0xD134_2543_DE82_EF95
        state = next() ^ (seed << 32)
        state = next()
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Uniform in `range`, whose width must be small beside 2^64.
    public mutating func number(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(next() >> 1) % (range.upperBound - range.lowerBound + 1)
    }

    /// True in so many of a thousand cases.
    public mutating func chance(_ thousandth: Int) -> Bool { number(0...999) < thousandth }

    /// 0…1.
    public mutating func fraction() -> Double { Double(next() >> 11) / Double(UInt64(1) << 53) }

    public mutating func pick<Element>(_ elements: [Element]) -> Element { elements[number(0...elements.count - 1)] }
}

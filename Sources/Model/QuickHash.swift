/// A hash of numbers at a few instructions each, for what a mesh has millions of: names, addresses, and what is told apart by
/// them. A tenth of what the standard library's `Hasher` asks for values as small as these.
///
/// The seed is that of the table that asks, which nobody outside the process knows; each number is multiplied into a product
/// of 128 bits, both halves of which count.
package struct QuickHash {
    private var state: UInt64

    package init(seed: Int) { state = UInt64(truncatingIfNeeded: seed) ^ 0x9E37_79B9_7F4A_7C15 }

    package mutating func combine(_ number: UInt64) {
        let product = (state ^ number).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        state = product.high ^ product.low
    }

    package var value: Int { Int(truncatingIfNeeded: state) }
}

/// A value that its hash takes quickly where it is the key of a table by itself.
package protocol QuickHashable: Hashable {
    func combine(into hash: inout QuickHash)
}

extension QuickHashable {
    package func quickHash(_ seed: Int) -> Int {
        var hash = QuickHash(seed: seed)
        combine(into: &hash)
        return hash.value
    }
}

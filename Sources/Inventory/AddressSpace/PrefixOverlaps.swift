import WarrenModel

/// Finds which of many prefixes overlap.
///
/// Prefixes overlap only by one holding the other. Sorted by address, wider first, each stands behind those that hold it;
/// those are the open ones on a stack. O(n log n) for n prefixes, and O(1) for each pair that is found.
public struct PrefixOverlaps: Sendable {
    /// Two prefixes that overlap, by their numbers in the list that was handed in.
    public struct Pair: Sendable, Hashable {
        /// The one that holds the other; of two equal prefixes, the one that stands first in the list.
        public var wider: Int
        public var narrower: Int

        public init(wider: Int, narrower: Int) {
            self.wider = wider
            self.narrower = narrower
        }
    }

    /// In the order of the narrower prefix, and for each of those the widest first.
    public private(set) var pairs: [Pair] = []

    /// Every pair of `prefixes` that overlap, at most `limit` of them.
    ///
    /// Where `hidden` has a flag for each prefix, two that are flagged may overlap: such pairs are left out, and cost nothing.
    public init(of prefixes: [IPPrefix], hidden: [Bool] = [], limit: Int = .max) {
        for family in AddressFamily.allCases {
            var open: [Entry] = []
            var openHidden: [Entry] = []
            for entry in Self.ordered(prefixes, hidden, family) {
                while let last = open.last, !last.holds(entry) { open.removeLast() }
                while let last = openHidden.last, !last.holds(entry) { openHidden.removeLast() }
                if entry.isHidden {
                    guard add(open, around: entry, limit) else { return }
                    openHidden.append(entry)
                } else {
                    guard add(openHidden.isEmpty ? open : Self.merged(open, openHidden), around: entry, limit) else { return }
                    open.append(entry)
                }
            }
        }
    }

    /// False when there are more pairs than `limit`.
    private mutating func add(_ wider: [Entry], around entry: Entry, _ limit: Int) -> Bool {
        for holder in wider {
            if pairs.count >= limit { return false }
            pairs.append(Pair(wider: Int(holder.index), narrower: Int(entry.index)))
        }
        return true
    }

    /// Two ordered lists as one.
    private static func merged(_ a: [Entry], _ b: [Entry]) -> [Entry] {
        var result: [Entry] = []
        var left = a[...], right = b[...]
        while let first = left.first, let second = right.first {
            let isLeft = Entry.precedes(first, second)
            result.append(isLeft ? first : second)
            if isLeft { left.removeFirst() } else { right.removeFirst() }
        }
        return result + left + right
    }

    /// A prefix as two numbers, small enough to be sorted by the million.
    private struct Entry {
        var bits: UInt128
        /// Of the address bits that are not fixed.
        var hostMask: UInt128
        var index: UInt32
        var length: UInt8
        /// It may overlap others of its kind.
        var isHidden: Bool

        /// For another entry of the same family that does not sort before this one.
        func holds(_ other: Entry) -> Bool { other.bits & ~hostMask == bits && other.length >= length }

        static func precedes(_ a: Entry, _ b: Entry) -> Bool {
            if a.bits != b.bits { return a.bits < b.bits }
            return a.length == b.length ? a.index < b.index : a.length < b.length
        }
    }

    private static func ordered(_ prefixes: [IPPrefix], _ hidden: [Bool], _ family: AddressFamily) -> [Entry] {
        var entries: [Entry] = []
        for (index, prefix) in prefixes.enumerated() where prefix.family == family {
            // More prefixes than 2³² would not fit into memory; what has no number is not looked at.
            guard let number = UInt32(exactly: index) else { break }
            let host = family.bitWidth - prefix.length
            let mask: UInt128 = host >= 128 ? .max : (UInt128(1) << UInt128(host)) &- 1
            entries.append(
                Entry(
                    bits: prefix.address.bits, hostMask: mask, index: number, length: UInt8(clamping: prefix.length),
                    isHidden: index < hidden.count && hidden[index]))
        }
        entries.sort(by: Entry.precedes)
        return entries
    }
}

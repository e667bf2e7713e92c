import WarrenModel

/// The addresses that no site has, to propose other networks from.
struct FreeSpace {
    /// The spaces that a proposal stays within: private addresses (RFC 1918, RFC 4193).
    private static let privateSpaces = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8"].compactMap {
        IPPrefix($0)
    }

    /// Disjoint and not touching each other, in order.
    private var taken: [AddressFamily: [ClosedRange<UInt128>]] = [:]

    init(taken declaration: Declaration) {
        let prefixes =
            declaration.addresses.map(\.prefix)
            + declaration.sites.flatMap { $0.publicAddresses.map { IPPrefix(host: $0.value) } }
        for family in AddressFamily.allCases {
            var ranges: [ClosedRange<UInt128>] = []
            for prefix in prefixes.filter({ $0.family == family }).sorted() {
                let low = prefix.first.bits, high = prefix.last.bits
                if let last = ranges.last, low <= last.upperBound || low - last.upperBound == 1 {
                    ranges[ranges.count - 1] = last.lowerBound...max(last.upperBound, high)
                } else {
                    ranges.append(low...high)
                }
            }
            taken[family] = ranges
        }
    }

    /// The free prefix of the same length that is nearest to `prefix`: in the same private space, or else in the first
    /// that has one. It counts as taken from then on.
    mutating func takeNearest(to prefix: IPPrefix) -> IPPrefix? {
        let ranges = taken[prefix.family, default: []]
        let home = Self.privateSpaces.filter { $0.contains(prefix) }
        let others = Self.privateSpaces.filter { $0.family == prefix.family && !$0.contains(prefix) }
        for space in home + others where space.length <= prefix.length {
            let wanted = space.contains(prefix) ? prefix : IPPrefix(containing: space.first, length: prefix.length)
            guard let wanted, let found = Self.nearest(to: wanted, in: space, avoiding: ranges) else { continue }
            let range = found.first.bits...found.last.bits
            let index = ranges.firstIndex { $0.lowerBound > range.lowerBound } ?? ranges.count
            taken[prefix.family, default: []].insert(range, at: index)
            return found
        }
        return nil
    }

    private static func nearest(
        to prefix: IPPrefix, in space: IPPrefix, avoiding taken: [ClosedRange<UInt128>]
    ) -> IPPrefix? {
        let upward = free(from: prefix, in: space, taken, ascending: true)
        let downward = free(from: prefix, in: space, taken, ascending: false)
        guard let upward, let downward else { return upward ?? downward }
        return upward.address.bits - prefix.address.bits <= prefix.address.bits - downward.address.bits ? upward : downward
    }

    /// The first free prefix at or beyond `start`, which lies in `space`; each step leaps over what is taken.
    private static func free(
        from start: IPPrefix, in space: IPPrefix, _ taken: [ClosedRange<UInt128>], ascending: Bool
    ) -> IPPrefix? {
        var candidate = start
        for range in ascending ? taken : taken.reversed() {
            let low = candidate.first.bits, high = candidate.last.bits
            if ascending ? range.upperBound < low : range.lowerBound > high { continue }
            if ascending ? range.lowerBound > high : range.upperBound < low { return candidate }
            // The next candidate holds the address that follows the taken range, or begins after it.
            let edge = ascending ? following(range.upperBound) : preceding(range.lowerBound)
            guard let edge, space.contains(edge) else { return nil }
            candidate = edge
        }
        return candidate

        func following(_ bits: UInt128) -> IPPrefix? {
            guard let next = address(bits)?.advanced(by: 1), let holding = IPPrefix(containing: next, length: start.length)
            else { return nil }
            if holding.first == next { return holding }
            return holding.last.advanced(by: 1).flatMap { IPPrefix(containing: $0, length: start.length) }
        }

        func preceding(_ bits: UInt128) -> IPPrefix? {
            guard bits > 0, let previous = address(bits - 1),
                let holding = IPPrefix(containing: previous, length: start.length)
            else { return nil }
            if holding.last == previous { return holding }
            let first = holding.first.bits
            return first > 0 ? address(first - 1).flatMap { IPPrefix(containing: $0, length: start.length) } : nil
        }

        func address(_ bits: UInt128) -> IPAddress? {
            start.family == .ipv6 ? IPAddress(v6: bits) : UInt32(exactly: bits).map { IPAddress(v4: $0) }
        }
    }
}

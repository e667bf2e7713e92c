import WarrenModel

/// Some of a fleet's links, by their places in `RolloutFleet.links`: a bit for each, so that half a million are copied and
/// kept on disk at little cost.
struct LinkSet: Sendable, Equatable {
    /// Without zeros at the end: equal sets are equal words.
    private var words: [UInt64] = []

    init() {}

    init(_ places: some Sequence<Int>) { for place in places { insert(place) } }

    var isEmpty: Bool { words.isEmpty }

    /// The place after the last.
    var end: Int { words.last.map { words.count << 6 - $0.leadingZeroBitCount } ?? 0 }

    func contains(_ place: Int) -> Bool {
        place >> 6 < words.count && words[place >> 6] >> UInt64(place & 63) & 1 == 1
    }

    /// Whether it was not in there.
    @discardableResult
    mutating func insert(_ place: Int) -> Bool {
        guard !contains(place) else { return false }
        while words.count <= place >> 6 { words.append(0) }
        words[place >> 6] |= 1 << UInt64(place & 63)
        return true
    }

    /// Whether it was in there.
    @discardableResult
    mutating func remove(_ place: Int) -> Bool {
        guard contains(place) else { return false }
        words[place >> 6] &= ~(1 << UInt64(place & 63))
        while words.last == 0 { words.removeLast() }
        return true
    }

    /// The places, in order, for which `isIncluded` holds.
    func filter(_ isIncluded: (Int) -> Bool) -> [Int] {
        var places: [Int] = []
        for (index, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                let place = index << 6 | rest.trailingZeroBitCount
                if isIncluded(place) { places.append(place) }
                rest &= rest - 1
            }
        }
        return places
    }

    func contains(where predicate: (Int) -> Bool) -> Bool {
        for (index, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                if predicate(index << 6 | rest.trailingZeroBitCount) { return true }
                rest &= rest - 1
            }
        }
        return false
    }
}

/// Sixteen hexadecimal digits for each word.
extension LinkSet: Codable {
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let digits = Array(try container.decode(String.self).utf8)
        for start in stride(from: 0, to: digits.count, by: 16) {
            let text = String(decoding: digits[start..<min(start + 16, digits.count)], as: UTF8.self)
            guard text.utf8.count == 16, let word = UInt64(text, radix: 16) else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "these are not words of 16 digits")
            }
            words.append(word)
        }
        while words.last == 0 { words.removeLast() }
    }

    func encode(to encoder: any Encoder) throws {
        var digits: [UInt8] = []
        digits.reserveCapacity(words.count * 16)
        for word in words {
            for shift in stride(from: UInt64(60), through: 0, by: -4) {
                let digit = UInt8(truncatingIfNeeded: word >> shift & 15)
                digits.append(digit < 10 ? 48 + digit : 87 + digit)
            }
        }
        var container = encoder.singleValueContainer()
        try container.encode(String(decoding: digits, as: UTF8.self))
    }
}

/// What somebody who misspelt a word may have meant. Pure.
enum Suggestion {
    /// ` (did you mean 'x'?)`, or nothing when no word is near.
    static func question(_ word: String, among known: [String]) -> String {
        nearest(word, among: known).map { " (did you mean '\($0)'?)" } ?? ""
    }

    /// The known word that takes the fewest slips to become `word`, if they are few for its length.
    static func nearest(_ word: String, among known: [String]) -> String? {
        let allowed = max(1, word.count / 3)
        let ranked = known.map { ($0, distance(Array(word), Array($0), atMost: allowed)) }
            .filter { $0.1 <= allowed }
            .sorted { ($0.1, $0.0) < ($1.1, $1.0) }
        if let first = ranked.first { return first.0 }
        let begun = known.filter { word.count >= 3 && $0.hasPrefix(word) }
        return begun.count == 1 ? begun[0] : nil
    }

    /// Letters put in, left out, exchanged, or swapped with their neighbour; more than `limit` counts as one more.
    static func distance(_ a: [Character], _ b: [Character], atMost limit: Int) -> Int {
        guard abs(a.count - b.count) <= limit else { return limit + 1 }
        var beforeLast: [Int] = [], last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, beforeLast[j - 1] + 1) }
                row.append(best)
            }
            (beforeLast, last) = (last, row)
        }
        return min(last[b.count], limit + 1)
    }
}

import Testing

@testable import WarrenCLI

@Suite struct SuggestionTests {
    private let cities = ["berlin", "bern", "lima", "tokyo", "new-york"]

    @Test(arguments: [
        ("berlni", "berlin"), ("brn", "bern"), ("toky", "tokyo"), ("tokio", "tokyo"), ("limma", "lima"),
        ("new-yrok", "new-york"),
        ("new", "new-york"), ("oslo", nil), ("b", nil), ("", nil),
    ])
    func theNearestWordIsMeant(word: String, meant: String?) { #expect(Suggestion.nearest(word, among: cities) == meant) }

    @Test func nothingIsNearToNothing() { #expect(Suggestion.question("berlin", among: []).isEmpty) }

    /// Against the definition, by trying every way.
    @Test func theDistanceIsThatOfSlips() {
        func slow(_ a: ArraySlice<Character>, _ b: ArraySlice<Character>) -> Int {
            guard let x = a.first else { return b.count }
            guard let y = b.first else { return a.count }
            var best = min(slow(a.dropFirst(), b) + 1, slow(a, b.dropFirst()) + 1)
            best = min(best, slow(a.dropFirst(), b.dropFirst()) + (x == y ? 0 : 1))
            if a.count > 1, b.count > 1, x == b[b.startIndex + 1], a[a.startIndex + 1] == y {
                best = min(best, slow(a.dropFirst(2), b.dropFirst(2)) + 1)
            }
            return best
        }
        let words = ["", "a", "ab", "ba", "abc", "acb", "bca", "abca", "bbbb", "cab"].map(Array.init)
        for a in words {
            for b in words { #expect(Suggestion.distance(a, b, atMost: 9) == slow(a[...], b[...]), "\(a) \(b)") }
        }
    }
}

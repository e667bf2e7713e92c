import Testing

@testable import WarrenInventory

@Suite struct WordingTests {
    @Test(arguments: [
        ("gatway", "gateway"), ("tag", "tags"), ("netwroks", "networks"), ("topolgy", "topology"), ("colour", nil), ("", nil),
    ])
    func proposesWhatWasProbablyMeant(word: String, expected: String?) {
        let known = ["gateway", "networks", "tags", "topology"]
        #expect(nearest(to: word, among: known) == expected)
    }

    @Test func editDistanceCountsSwapsOnce() {
        #expect(editDistance(Array("abcd".utf8), Array("abdc".utf8)) == 1)
        #expect(editDistance(Array("".utf8), Array("abc".utf8)) == 3)
        #expect(editDistance(Array("kitten".utf8), Array("sitting".utf8)) == 3)
    }

    @Test func quotedTextIsSafeForATerminal() {
        #expect(quoted("a\u{1b}[2Jb\u{202e}") == "'a\\u{1b}[2Jb\\u{202e}'")
        #expect(quoted(String(repeating: "x", count: 1000)).count == 67)
    }

    @Test(
        arguments: [
            ("10s", 10), ("90m", 5400), ("4h", 14_400), ("7d", 604_800), ("", nil), ("s", nil), ("0s", nil), ("1 s", nil),
            ("+1s", nil), ("1.5h", nil), ("18446744073709551615d", nil), ("9999999999999999999d", nil), ("1w", nil),
        ] as [(String, UInt64?)])
    func readsDurations(text: String, expected: UInt64?) {
        #expect(seconds(text) == expected)
    }

    @Test(
        arguments: [
            ("1KiB", 1024), ("64GiB", 64 << 30), ("2TiB", 2 << 40), ("64", nil), ("64GB", nil), ("99999999999TiB", nil),
        ] as [(String, UInt64?)])
    func readsSizes(text: String, expected: UInt64?) {
        #expect(bytes(text) == expected)
    }
}

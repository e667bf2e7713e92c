import SeededRandom
import Testing
import WarrenInventory

/// Texts that are meant to cost much are refused, and soon.
@Suite struct LimitTests {
    private func refusal(_ text: String, within limit: Duration = .seconds(20)) -> [Diagnostic] {
        var diagnostics: [Diagnostic] = []
        let time = ContinuousClock().measure { diagnostics = load(text).diagnostics }
        #expect(time < limit, "took \(time)")
        #expect(diagnostics.count <= 1001)
        return diagnostics
    }

    @Test func aBombOfAliasesIsNotExpanded() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...30 {
            text += "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ") + "]\n"
        }
        let diagnostics = refusal(text, within: .seconds(5))
        #expect(diagnostics.filter { $0.rule == .alias }.count == 331)
    }

    @Test func deepNestingIsRefusedBeforeItIsRead() {
        for opening in ["[", "{", "{a: ", "- ", "? "] {
            let diagnostics = refusal(String(repeating: opening, count: 500_000), within: .seconds(5))
            #expect([.tooDeep, .syntax].contains(diagnostics.first?.rule), "\(opening): \(diagnostics)")
        }
    }

    @Test func tooMuchTextIsRefused() {
        let diagnostics = refusal("# " + String(repeating: "x", count: 4 << 20), within: .seconds(2))
        #expect(diagnostics.map(\.rule) == [.tooLarge])
    }

    @Test func tooManyValuesAreRefused() {
        let diagnostics = refusal("a: [" + String(repeating: "1,", count: 1_100_000) + "]")
        #expect(diagnostics.map(\.rule) == [.tooLarge])
    }

    @Test func tooManyFaultsAreCounted() {
        var text = pair
        for index in 0..<5000 { text += "unknown\(index): 1\n" }
        let diagnostics = refusal(text)
        #expect(diagnostics.count == 1001)
        #expect(diagnostics.last?.rule == .tooMany)
        #expect(diagnostics.last?.message == "4000 more faults are not shown")
    }

    @Test func tooManySitesOrRoutesAreRefused() {
        let site = "{gateway: {public: 203.0.113.1, private: 10.0.0.1}, networks: [10.0.0.0/24]}"
        let sites = (0...2000).map { "  s\($0): \(site)\n" }.joined()
        #expect(refusal("version: 1\nmesh: m\nsites:\n" + sites).map(\.rule) == [.tooLarge])
        let networks = (0..<16_000).map { "10.\($0 >> 6).\(($0 & 63) << 2).0/30" }.joined(separator: ", ")
        let wide = (0..<1000).map { index in
            "  s\(index): {gateway: {public: 203.0.113.1, private: 10.0.0.1}, networks: [\(index == 7 ? networks : "10.0.0.0/24")]}\n"
        }.joined()
        #expect(refusal("version: 1\nmesh: m\nsites:\n" + wide).map(\.rule) == [.tooLarge])
    }

    /// Half a million pairs of networks that are equal, and may be: none of them costs anything.
    @Test func aThousandSitesThatAllTranslateTheSameNetworkAreTakenSoon() {
        let sites = (0..<1000).map { index in
            let high = index / 256, low = index % 256
            return "  s\(index): {gateway: {public: 203.0.\(high).\(low), private: 192.168.1.1}, networks: [192.168.1.0/24], "
                + "translate: {192.168.1.0/24: 10.\(high).\(low).0/24}}\n"
        }
        #expect(refusal("version: 1\nmesh: m\nsites:\n" + sites.joined()) == [])
    }

    @Test func aThousandSitesThatAllCollideAreRefusedSoon() {
        let site = "{gateway: {public: 203.0.113.1, private: 10.0.0.1}, networks: [10.0.0.0/8]}"
        let text = "version: 1\nmesh: m\nsites:\n" + (0..<1000).map { "  s\($0): \(site)\n" }.joined()
        let diagnostics = refusal(text)
        #expect(diagnostics.count == 1001)
        #expect(diagnostics.contains { $0.rule == .networkOverlap })
    }

    /// Every place of a good inventory with one byte cut out, doubled or replaced: whatever it gives, it must end well.
    @Test func noDamagedTextTraps() {
        let bytes = Array(
            (pair + """
                    index: 3
                    drained: true
                links: [{between: [berlin, tokyo], ipsec: {mode: transport}}]
                tests: [{from: berlin, to: tokyo, expect: unreachable}]
                """).utf8)
        #expect(load(String(decoding: bytes, as: UTF8.self)).diagnostics == [])
        for index in bytes.indices {
            for replacement in [
                [], [bytes[index], bytes[index]], Array("{".utf8), Array("\"".utf8), Array("\u{0}".utf8), Array("&".utf8),
            ] {
                let text = String(decoding: bytes[..<index] + replacement + bytes[(index + 1)...], as: UTF8.self)
                let result = load(text)
                #expect((result.inventory == nil) == !result.diagnostics.isEmpty)
            }
            let cut = load(String(decoding: bytes[..<index], as: UTF8.self))
            #expect((cut.inventory == nil) == !cut.diagnostics.isEmpty)
        }
    }

    /// Texts put together from the pieces of YAML and of the language: none may trap, all must end soon.
    @Test(arguments: 0..<40) func noRandomTextTraps(seed: UInt64) {
        let pieces = [
            "version: 1\n", "mesh: a\n", "sites:\n", "  a: ", "    gateway: ", "    networks: ", "- ", "? ", ": ", ", ", "[",
            "]", "{",
            "}", "\n", "  ", "\t", "&a ", "*a ", "!t ", "!!int ", "|", ">", "%YAML 1.2\n", "---\n", "...\n", "#", "\"", "'",
            "\\", "\\x41",
            "<<", "~", "10.0.0.0/8", "::/0", "1.2.3.4", "4h", "\u{feff}", "\u{0}", "\r", "é", "public: ", "private: ",
            "lifetime: ", "9999999999h", "topology: ", "kind: ", "hub-and-spoke", "groups: ", "hubs: ", "explicit", "links:\n",
            "tests:\n", "between: ", "ipsec: ", "from: ", "to: ", "expect: ", "index: ", "drained: ", "mtu: ", "576", "true",
        ]
        var random = SeededNumbers(seed: seed)
        for _ in 0..<200 {
            let count = Int.random(in: 1...40, using: &random)
            let text = (0..<count).compactMap { _ in pieces.randomElement(using: &random) }.joined()
            let result = load(text)
            #expect((result.inventory == nil) == !result.diagnostics.isEmpty)
            let prefixed = load(pair + text)
            #expect((prefixed.inventory == nil) == !prefixed.diagnostics.isEmpty)
        }
    }
}

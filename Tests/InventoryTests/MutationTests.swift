import Testing
import WarrenInventory

/// One change to a good inventory, and the rule and line of each fault that it must give.
struct Mutation: Sendable, CustomTestStringConvertible {
    let old: String
    let new: String
    let faults: [String]
    var testDescription: String { new }

    init(_ old: String, _ new: String, _ faults: String...) {
        self.old = old
        self.new = new
        self.faults = faults
    }

    init(_ old: String, faults: [String], new: String) {
        self.old = old
        self.new = new
        self.faults = faults
    }

    /// The changed inventory.
    var applied: String {
        get throws {
            let range = try #require(pair.firstRange(of: old), "nothing to change")
            return pair.replacingCharacters(in: range, with: new)
        }
    }
}

private let berlin = "{public: 203.0.113.10, private: 192.168.1.1}"
private let tokyo = "{public: 198.51.100.20, private: 192.168.2.1}"

let mutations: [Mutation] = [
    // The text.
    .init("[192.168.2.0/24]", "[192.168.2.0/24", "syntax@13"),
    .init("version: 1", "version: 1: 2", "syntax@1"),
    .init("mesh: acme", "\tmesh: acme", "syntax@2"),
    .init("mesh: acme", "mesh: 'acme", "syntax@13"),
    .init("mesh: acme", "mesh: {[a]: b}", "syntax@2"),
    .init("sites:", "---\nsites:", "syntax@5"),
    .init("mesh: acme", "mesh: ac\u{7}me", "control-character@2"),
    .init("mesh: acme", "mesh: acme\rsites: {}", "control-character@2"),
    .init("mesh: acme", "mesh: acme # \u{202e}", "control-character@2"),
    .init("mesh: acme", "mesh: acme # \u{85}", "control-character@2"),
    .init("mesh: acme", "mesh: acme # \u{2028}", "control-character@2"),
    .init("mesh: acme", "mesh: \"ac\\0me\"", "control-character@2"),
    .init("mesh: acme", "mesh: |\n  acme", "control-character@2"),
    .init("mesh: acme", "mesh: &name acme", "alias@2"),
    .init("mesh: acme", "mesh: *name", "alias@2"),
    .init("[europe]", "&tags [europe]", "alias@9"),
    .init("mesh: acme", "mesh: !!str acme", "tag@2"),
    .init("[europe]", "!tags [europe]", "tag@9"),
    .init(berlin, "!gateway " + berlin, "tag@7"),
    .init("mesh: acme", "mesh: acme\nmesh: acme", "duplicate-key@3"),
    .init("tags: [europe]", "networks: [10.0.0.0/8]", "duplicate-key@9"),
    .init("  tokyo:", "  berlin:", "duplicate-key@10"),
    .init("{mode: tunnel}", "{mode: tunnel, mode: transport, mode: tunnel}", "duplicate-key@4", "duplicate-key@4"),
    .init("[europe]", "[[[[[[[[[[[[[[[[[[a]]]]]]]]]]]]]]]]]]", "too-deep@9"),
    // Keys.
    .init("topology:", "topolgy:", "unknown-key@3"),
    .init("topology: full-mesh", "link: []", "unknown-key@3"),
    .init("tags:", "tag:", "unknown-key@9"),
    .init("tags:", "<<:", "unknown-key@9"),
    .init("mode:", "modes:", "unknown-key@4"),
    .init("platform: embedded", "os: bsd", "unknown-key@4"),
    .init("    tags: [europe]", "    tags: [europe]\n    indx: 4", "unknown-key@10"),
    .init("{mode: tunnel}", "{ike: {pfs: yes}}", "unknown-key@4"),
    .init("{mode: tunnel}", "{child: {esn: yes}}", "unknown-key@4"),
    .init("version: 1", "", "missing-key@2"),
    .init("mesh: acme", "", "missing-key@1"),
    .init("private: 192.168.1.1", "", "missing-key@7"),
    .init("public: 203.0.113.10, ", "", "missing-key@7"),
    .init("    networks: [192.168.1.0/24]\n", "", "missing-key@6"),
    .init("    gateway: " + berlin + "\n", "", "missing-key@6"),
    // Types.
    .init("mesh: acme", "mesh: [acme]", "wrong-type@2"),
    .init("mesh: acme", "mesh:", "wrong-type@2"),
    .init("mesh: acme", "mesh: ~", "wrong-type@2"),
    .init("version: 1", "version: {a: 1}", "wrong-type@1"),
    .init("[192.168.1.0/24]", "192.168.1.0/24", "wrong-type@8"),
    .init("[192.168.1.0/24]", "{a: 192.168.1.0/24}", "wrong-type@8"),
    .init("[192.168.1.0/24]", "[[192.168.1.0/24]]", "wrong-type@8"),
    .init(berlin, "203.0.113.10", "wrong-type@7"),
    .init("{mode: tunnel}", "tunnel", "wrong-type@4"),
    .init("{platform: embedded, ipsec: {mode: tunnel}}", "[]", "wrong-type@4"),
    // Values.
    .init("version: 1", "version: 2", "invalid-value@1"),
    .init("version: 1", "version: 18446744073709551616", "invalid-value@1"),
    .init("mesh: acme", "mesh: ac/me", "invalid-value@2"),
    .init("mesh: acme", "mesh: a23456789b123456789c123456789d123", "invalid-value@2"),
    .init("full-mesh", "hub-and-spoke", "missing-key@3"),
    .init("embedded", "embeded", "invalid-value@4"),
    .init("mode: tunnel", "mode: Tunnel", "invalid-value@4"),
    .init("  tokyo:", "  to--kyo:", "invalid-value@10"),
    .init("  tokyo:", "  -tokyo:", "invalid-value@10"),
    .init("  tokyo:", "  \"\":", "invalid-value@10"),
    .init("[europe]", "[Europe]", "invalid-value@9"),
    .init("[europe]", "[]", "invalid-value@9"),
    .init("[192.168.1.0/24]", "[]", "invalid-value@8"),
    .init("192.168.1.0/24", "192.168.1.0/33", "invalid-value@8"),
    .init("192.168.1.0/24", "192.168.1.0", "invalid-value@8"),
    .init("192.168.1.0/24", "192.168.1.0/-1", "invalid-value@8"),
    .init("192.168.1.0/24", "192.168.1.0/99999999999999999999", "invalid-value@8"),
    .init("203.0.113.10", "gateway.Example.net", "invalid-value@7"),
    .init("203.0.113.10", "[dynamic]", "invalid-value@7"),
    .init("203.0.113.10", "[203.0.113.10, vpn.example.net]", "invalid-value@7"),
    .init("203.0.113.10", "0203.0.113.10", "invalid-value@7"),
    .init("203.0.113.10", "[203.0.113.10, 203.0.113.11]", "invalid-value@7"),
    .init("203.0.113.10", "[]", "invalid-value@7"),
    .init("203.0.113.10", "[203.0.113.10, 203.0.113.11, 203.0.113.12]", "invalid-value@7", "too-large@7"),
    .init("{mode: tunnel}", "{ike: {version: 1}}", "invalid-value@4"),
    .init("{mode: tunnel}", "{ike: {lifetime: 4}}", "invalid-value@4"),
    .init("{mode: tunnel}", "{ike: {lifetime: 9s}}", "invalid-value@4"),
    .init("{mode: tunnel}", "{ike: {lifetime: 04h}}", "invalid-value@4"),
    .init("{mode: tunnel}", "{ike: {lifetime: 9999999999999999999h}}", "invalid-value@4"),
    .init("{mode: tunnel}", "{ike: {lifetime: 99999999999999999999999999h}}", "invalid-value@4"),
    .init("{mode: tunnel}", "{ike: {liveness: -1s}}", "invalid-value@4"),
    .init("{mode: tunnel}", "{ike: {proposals: []}}", "invalid-value@4"),
    .init("{mode: tunnel}", "{ike: {proposals: [3des-sha1-modp1024]}}", "weak-proposal@4"),
    .init("{mode: tunnel}", "{child: {proposals: [aes256gcm16, aes256gcm16]}}", "invalid-value@4"),
    .init("{mode: tunnel}", "{child: {bytes: 64GB}}", "invalid-value@4"),
    .init("{mode: tunnel}", "{child: {bytes: 18446744073709551615TiB}}", "invalid-value@4"),
    .init("{mode: tunnel}", "{child: {bytes: ٦٤GiB}}", "invalid-value@4"),
    .init("{mode: tunnel}", "{child: {lifetime: 8d}}", "invalid-value@4"),
    // Values against each other.
    .init("192.168.1.0/24", "192.168.1.1/24", "host-bits-set@8"),
    .init("192.168.1.0/24", "192.168.3.0/22", "host-bits-set@8", "network-overlap@12"),
    .init("private: 192.168.1.1", "private: 192.168.1.0", "reserved-range@7"),
    .init("203.0.113.10", "169.254.1.1", "reserved-range@7"),
    .init("203.0.113.10", "\"ff02::1\"", "family-mismatch@11", "reserved-range@7"),
    .init("[192.168.1.0/24]", "[192.168.1.0/24, 192.168.1.0/24]", "network-redundant@8"),
    .init("192.168.2.0/24", "192.168.0.0/16", "network-overlap@12"),
    .init("192.168.1.0/24", "192.168.0.0/16", "network-overlap@12"),
    .init("[192.168.2.0/24]", "[192.168.2.0/24, 192.168.1.64/26]", "network-overlap@12"),
    .init(
        "[192.168.2.0/24]", "[192.168.2.0/24, 0.0.0.0/0]",
        "network-overlap@12", "network-redundant@12", "public-inside-network@12", "public-inside-network@12",
        "reserved-range@12"),
    .init("private: 192.168.2.1", "private: 192.168.1.2", "private-not-in-networks@12"),
    .init("198.51.100.20", "203.0.113.10", "public-duplicate@11"),
    .init("203.0.113.10", "192.168.2.9", "public-inside-network@12"),
    .init("mesh: acme", "mesh: acme\ncontroller: 192.168.2.9", "controller-inside-network@13"),
    .init("mesh: acme", "mesh: acme\ncontroller: [203.0.113.1, 192.168.1.9]", "controller-inside-network@9"),
    .init("mesh: acme", "mesh: acme\ncontroller: warrend.example.net", "invalid-value@3"),
    .init("mesh: acme", "mesh: acme\ncontroller: []", "invalid-value@3"),
    .init("mesh: acme", "mesh: acme\ncontroller: {at: 203.0.113.1}", "wrong-type@3"),
    .init("mesh: acme", "mesh: acme\ncontroler: 203.0.113.1", "unknown-key@3"),
    .init("198.51.100.20", "\"2001:db8::1\"", "family-mismatch@11"),
    .init("192.168.2.1}\n    networks: [", "\"fd00::1\"}\n    networks: [\"fd00::/64\", ", "family-mismatch@11"),
]

@Suite struct MutationTests {
    @Test func theTableIsLong() { #expect(mutations.count + GeneratedMutations.all.count >= 500) }

    @Test func theUnchangedInventoryIsGood() { #expect(load(pair).diagnostics == []) }

    @Test(arguments: mutations) func eachMutationBreaksItsRule(mutation: Mutation) throws {
        try check(mutation)
    }

    @Test func eachGeneratedMutationBreaksItsRule() throws {
        for mutation in GeneratedMutations.all { try check(mutation) }
    }

    private func check(_ mutation: Mutation) throws {
        let result = load(try mutation.applied)
        #expect(result.inventory == nil)
        #expect(
            result.diagnostics.map { "\($0.rule)@\($0.location.line)" }.sorted() == mutation.faults.sorted(),
            "\(mutation.old) became \(mutation.new)")
        for diagnostic in result.diagnostics {
            #expect(diagnostic.location.column >= 1)
            #expect(
                diagnostic.description.unicodeScalars.allSatisfy { $0 == "\n" || $0 == "…" || (0x20...0x7e).contains($0.value) }
            )
        }
    }
}

extension String {
    /// This text with a part of it replaced.
    fileprivate func replacingCharacters(in range: Range<String.Index>, with new: String) -> String {
        String(self[..<range.lowerBound]) + new + String(self[range.upperBound...])
    }
}

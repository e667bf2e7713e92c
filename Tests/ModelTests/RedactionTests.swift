import Testing
import WarrenModel

/// What has the form of a secret does not pass.
@Suite struct RedactionTests {
    private static let hex = String(repeating: "0123456789abcdef", count: 4)
    private static let base64 = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="

    @Test(arguments: [
        "warren_0123456789ab_\(hex)", hex, hex.uppercased(), base64,
        "AQ" + String(repeating: "aB3-_", count: 20),
    ])
    func secretsAreTakenOut(secret: String) {
        for text in ["\(secret)", "token=\(secret) x", "{\"a\":\"\(secret)\"}", "a\n\(secret)\nb", "ü \(secret)ü"] {
            let redacted = Redaction.redacted(text)
            #expect(!redacted.contains(secret) && redacted.contains(Redaction.mark), "\(redacted)")
        }
        #expect(Redaction.redacted("a \(Self.hex) b \(Self.base64) c") == "a <redacted> b <redacted>= c")
    }

    @Test(arguments: [
        "", "berlin--tokyo is up", "level=info msg=\"serving\" state=/var/lib/warren/controller/and/a/long/path/of/one/kind",
        "fd00:1234:5678:9abc:def0:1234:5678:9abc/128", "aes256gcm16-prfsha384-x25519", "SPI 0xc0ffee01, 0123456789abcdef",
        String(repeating: "a", count: 32) + "--" + String(repeating: "b", count: 32),
        "/usr/lib/x86_64-linux-gnu/warren/tunneld/socket", "\u{1F407} ✓",
    ])
    func everythingElseStays(text: String) { #expect(Redaction.redacted(text) == text) }

    @Test func aFactIsTold() throws {
        let fact = try #require(Fact(name: "log.txt", text: "a\u{1B}[31m\tb\r\n\(Self.hex)\n"))
        #expect(fact.text == "a[31m\tb\n<redacted>\n")
        let long = try #require(Fact(name: "log.txt", text: String(repeating: "line\n", count: 100_000) + "end\n"))
        #expect(long.text.utf8.count <= Fact.longestText && long.text.hasSuffix("line\nend\n"))
        for name in [
            "", ".", "a", "a.", ".txt", "../a.txt", "a/b.txt", "A.txt", "a.b.c", "a b.txt",
            String(repeating: "a", count: 32) + ".b",
        ] {
            #expect(Fact(name: name, text: "") == nil)
        }
    }
}

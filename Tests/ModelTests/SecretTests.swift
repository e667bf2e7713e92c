import Testing
import WarrenModel

@Suite struct SecretTests {
    private let bytes = Array("correct horse battery".utf8)

    @Test func aSecretIsNeitherPrintedNorMirrored() {
        let secret = SecretBytes(bytes), key = PreSharedKey(secret)
        var dumped = ""
        dump(secret, to: &dumped)
        dump(key, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), "\(key)", String(reflecting: key), dumped] {
            #expect(!text.contains("correct") && !text.contains("99, 111"))
        }
        #expect(Mirror(reflecting: secret).children.isEmpty)
    }

    @Test func aSecretIsNotEncodable() {
        #expect(!((SecretBytes(bytes) as Any) is any Encodable))
        #expect(!((PreSharedKey(SecretBytes(bytes)) as Any) is any Encodable))
    }

    @Test func secretsCompareByTheirBytes() {
        #expect(SecretBytes(bytes) == SecretBytes(bytes))
        for index in bytes.indices {
            var other = bytes
            other[index] ^= 0x80
            #expect(SecretBytes(bytes) != SecretBytes(other))
        }
        #expect(SecretBytes(bytes) != SecretBytes(bytes.dropLast()))
        #expect(SecretBytes([]) == SecretBytes([]))
        #expect(SecretBytes(bytes).withBytes { Array($0) } == bytes)
    }

    @Test func aReferenceNamesLinkAndEpochOnly() throws {
        let a = try #require(SiteName("a")), b = try #require(SiteName("b"))
        let link = try #require(LinkID(a, b))
        #expect(PSKReference(link: link, epoch: 3).description == "psk:a--b#3")
    }
}

import Testing
import WarrenKeys
import WarrenModel

@Suite struct KeyTests {
    private func secret(_ byte: UInt8) throws -> MeshSecret {
        try #require(MeshSecret(SecretBytes([UInt8](repeating: byte, count: MeshSecret.length))))
    }

    private func reference(_ a: String, _ b: String, _ epoch: UInt32 = 1) throws -> PSKReference {
        let sites = (try #require(SiteName(a)), try #require(SiteName(b)))
        return PSKReference(link: try #require(LinkID(sites.0, sites.1)), epoch: epoch)
    }

    @Test func bothEndsDeriveTheSameAndNoOther() throws {
        let key = try secret(1).preSharedKey(byNamesOf: reference("berlin", "tokyo"))
        #expect(key.secret.count == 32)
        #expect(try key == secret(1).preSharedKey(byNamesOf: reference("tokyo", "berlin")))
        #expect(try key != secret(1).preSharedKey(byNamesOf: reference("berlin", "tokyo", 2)))
        #expect(try key != secret(1).preSharedKey(byNamesOf: reference("berlin", "oslo")))
        #expect(try key != secret(2).preSharedKey(byNamesOf: reference("berlin", "tokyo")))
    }

    /// Values of another implementation of RFC 5869: were they to change, every link would lose its key.
    @Test func keysStayWhatTheyWere() throws {
        let a = try #require(SiteID(String(repeating: "a", count: 32))),
            b = try #require(SiteID(String(repeating: "b", count: 32)))
        #expect(
            digits(try secret(1).preSharedKey(between: b, and: a, epoch: 7))
                == "19bc1a87806815716c3dca0865c64db93425e78f77408133e7e741714d3fbe50")
        #expect(
            digits(try secret(1).preSharedKey(byNamesOf: reference("tokyo", "berlin", 7)))
                == "dc071d3c06f72c61c9b6d9602cb68b624b79ee0003310a9af454ed0a945c1fbe")
    }

    private func digits(_ key: PreSharedKey) -> String {
        key.secret.withBytes { $0.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
    }

    /// Also where names of sites look like identities.
    @Test func namesAndIdentitiesAreKeptApart() throws {
        let a = String(repeating: "a", count: 32), b = String(repeating: "b", count: 32)
        let byID = try secret(1).preSharedKey(
            between: try #require(SiteID(a)), and: try #require(SiteID(b)), epoch: 1)
        #expect(try byID != secret(1).preSharedKey(byNamesOf: reference(a, b)))
    }

    @Test(arguments: [0, 31, 33]) func aSecretHasItsLength(count: Int) {
        #expect(MeshSecret(SecretBytes([UInt8](repeating: 1, count: count))) == nil)
    }
}

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

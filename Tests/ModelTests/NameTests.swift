import Foundation
import SeededRandom
import Testing
import WarrenModel

@Suite struct NameTests {
    @Test(arguments: ["a", "berlin", "s1", "new-york-2", String(repeating: "a", count: 32)])
    func takesPlainNames(text: String) {
        #expect(SiteName(text)?.description == text)
    }

    @Test(arguments: [
        "", "Berlin", "1st", "-a", "a-", "a--b", "a_b", "a b", "a/b", "..", "a.b", "bérlin", "a\n", "a\u{0}", "$(id)", "ａ",
        String(repeating: "a", count: 33),
    ])
    func refusesWhatAnotherToolCouldMistake(text: String) {
        #expect(SiteName(text) == nil)
    }

    @Test func aLinkIsTheSameFromBothEnds() throws {
        let a = try #require(SiteName("berlin")), b = try #require(SiteName("tokyo"))
        let link = try #require(LinkID(b, a))
        #expect(link == LinkID(a, b))
        #expect(link.description == "berlin--tokyo")
        #expect(link.peer(of: a) == b && link.peer(of: b) == a)
        let stranger = try #require(SiteName("oslo"))
        #expect(link.peer(of: stranger) == nil)
        #expect(LinkID(a, a) == nil)
    }

    /// Byte order, not a language's: both ends must agree on who comes first.
    @Test func namesOrderByBytes() throws {
        let names = try ["a", "a-b", "a0", "aa", "b"].map { try #require(SiteName($0)) }
        #expect(names.reversed().sorted() == names)
    }

    @Test func namesAreRefusedInJSONAsInText() throws {
        let good = try JSONDecoder().decode([SiteName].self, from: Data(#"["berlin"]"#.utf8))
        #expect(good.map(\.description) == ["berlin"])
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([SiteName].self, from: Data(#"["../x"]"#.utf8)) }
        let table = [try #require(SiteName("berlin")): 1]
        let data = try JSONEncoder().encode(table)
        #expect(String(decoding: data, as: UTF8.self) == #"{"berlin":1}"#)
        #expect(try JSONDecoder().decode([SiteName: Int].self, from: data) == table)
    }

    @Test func siteIDsAreRandomAndReadBack() {
        var random = SeededNumbers(seed: 1)
        let ids = (0..<100).map { _ in SiteID(using: &random) }
        #expect(Set(ids).count == 100)
        #expect(ids.allSatisfy { SiteID($0.description) == $0 })
        #expect(SiteID("ABCDEF0123456789ABCDEF0123456789") == nil)
    }
}

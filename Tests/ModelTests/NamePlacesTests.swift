import SeededRandom
import Testing
import WarrenModel

@Suite struct NamePlacesTests {
    /// In whichever order names are kept and asked for, each is found where a table has it, and no other is.
    @Test func findsWhatATableFinds() throws {
        var random = SeededNumbers(seed: 7)
        for round in 0..<200 {
            var names = try (0..<random.number(0...20)).map { try #require(SiteName("s\($0 * 2)")) }
            if round % 2 == 0 { names.sort() } else { names.shuffle(using: &random) }
            var places = NamePlaces(capacity: names.count), table: [SiteName: Int] = [:]
            for name in names {
                #expect(places.place(of: name) == nil)
                places.append(name)
                table[name] = table.count
                for _ in 0..<3 {
                    let asked = try #require(SiteName("s\(random.number(0...41))"))
                    #expect(places.place(of: asked) == table[asked])
                }
            }
            for name in names { #expect(places.place(of: name) == table[name]) }
            #expect(places.names == names)
        }
    }

    /// Equal values have equal hashes, and those of many that differ fall into many places of a table.
    @Test func hashesSpread() throws {
        let names = try (0..<4_096).map { try #require(SiteName("site-\($0)")) }
        for seed in [0, 1, -1, 0x1234_5678_9ABC] {
            let places = Set(names.map { $0._rawHashValue(seed: seed) & 4_095 })
            #expect(places.count > 2_300)
            let addresses = (0..<4_096).map { IPAddress(v4: 10 << 24 | UInt32($0) << 8) }
            #expect(Set(addresses.map { $0._rawHashValue(seed: seed) & 4_095 }).count > 2_300)
        }
        let link = try #require(LinkID(names[0], names[1])), same = try #require(LinkID(names[1], names[0]))
        #expect(link._rawHashValue(seed: 5) == same._rawHashValue(seed: 5) && link.hashValue == same.hashValue)
        let five = IPPrefix(host: IPAddress(v4: 5)), six = IPPrefix(host: IPAddress(v6: 5))
        let selector = TrafficSelector(source: five, destination: six, ipProtocol: .esp)
        #expect(Set([selector, selector.reversed, selector.reversed.reversed]) == [selector, selector.reversed])
    }
}

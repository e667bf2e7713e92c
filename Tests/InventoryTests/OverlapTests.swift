import SeededRandom
import Testing
import WarrenModel

@testable import WarrenInventory

@Suite struct OverlapTests {
    /// Few addresses, so that many collide.
    private func randomNetworks(_ random: inout SeededNumbers, sites: Int, each: Int) -> Declaration {
        var declaration = Declaration(mesh: "m")
        let names = (0..<sites).compactMap { SiteName("s\($0)") }
        var line = 1
        for index in 0..<sites {
            var site = DeclaredSite(
                name: Located(value: names[index], place: Place(file: 0, line: line, column: 1)))
            for _ in 0..<Int.random(in: 0...each, using: &random) {
                line += 1
                let six = Bool.random(using: &random)
                let address =
                    six
                    ? IPAddress(v6: 0xfd00 << 112 | UInt128(UInt8.random(in: 0...15, using: &random)) << 64)
                    : IPAddress(v4: 0x0a00_0000 | UInt32.random(in: 0...0xffff, using: &random) << 8)
                let length = six ? Int.random(in: 60...66, using: &random) : Int.random(in: 8...26, using: &random)
                guard let prefix = IPPrefix(containing: address, length: length) else { continue }
                site.networks.append(Located(value: prefix, place: Place(file: 0, line: line, column: 1)))
            }
            declaration.sites.append(site)
        }
        return declaration
    }

    @Test(arguments: 0..<200) func findsWhatComparingEveryPairFinds(seed: UInt64) {
        var random = SeededNumbers(seed: seed)
        let declaration = randomNetworks(&random, sites: 12, each: 8)
        let all = declaration.networks
        var expected: Set<[Int]> = []
        // A network that another of its own site makes redundant is that rule's business.
        let kept = all.filter { one in
            !all.contains { other in
                other.site == one.site && other.place != one.place && other.prefix.contains(one.prefix)
                    && (other.prefix != one.prefix || other.place < one.place)
            }
        }
        for a in kept {
            for b in kept where a.site != b.site && a.place < b.place && a.prefix.overlaps(b.prefix) {
                expected.insert([a.place.line, b.place.line])
            }
        }
        let found = NetworkOverlap.faults(in: declaration)
        #expect(Set(found.compactMap { fault in fault.related.map { [$0.line, fault.place.line] } }) == expected)
        #expect(found.count == expected.count)
        #expect(NetworkRedundant.faults(in: declaration).count == all.count - kept.count)
    }

    @Test(arguments: 0..<100) func whatIsProposedIsFreeAndNearest(seed: UInt64) throws {
        var random = SeededNumbers(seed: seed)
        let declaration = randomNetworks(&random, sites: 6, each: 6)
        let taken = declaration.networks.map(\.prefix)
        let space = try #require(IPPrefix("10.0.0.0/8"))
        for network in taken where network.family == .ipv4 && (16...20).contains(network.length) {
            var free = FreeSpace(taken: declaration)
            let proposal = free.takeNearest(to: network)
            // Every prefix of the length, nearest first and the higher of two equally near.
            let size = UInt32(1) << UInt32(32 - network.length)
            let candidates = stride(from: UInt32(0x0a00_0000), through: 0x0aff_ffff, by: Int(size)).map { $0 }
            let start = UInt32(network.address.bits)
            let nearest = candidates.filter { candidate in
                guard let prefix = IPPrefix(containing: IPAddress(v4: candidate), length: network.length) else { return false }
                return !taken.contains { $0.overlaps(prefix) }
            }.min {
                (distance($0, start), start > $0 ? 1 : 0) < (distance($1, start), start > $1 ? 1 : 0)
            }
            #expect(space.contains(network))
            if let nearest {
                #expect(proposal == IPPrefix(containing: IPAddress(v4: nearest), length: network.length))
            } else {
                #expect(proposal.map { !space.contains($0) } ?? true)
            }
        }
    }

    private func distance(_ a: UInt32, _ b: UInt32) -> UInt32 { a > b ? a - b : b - a }

    @Test func aProposalIsMadeOnceOnly() throws {
        var free = FreeSpace(taken: Declaration(mesh: "m"))
        let prefix = try #require(IPPrefix("192.168.1.0/24"))
        var seen: Set<IPPrefix> = []
        for _ in 0..<256 {
            let proposal = free.takeNearest(to: prefix)
            seen.insert(try #require(proposal))
        }
        #expect(seen.count == 256)
        let space = try #require(IPPrefix("192.168.0.0/16"))
        #expect(seen.allSatisfy { space.contains($0) })
        // Its own space is full: the next one that has room is used.
        let next = free.takeNearest(to: prefix)
        #expect(next?.description == "10.0.0.0/24")
    }

    @Test func theEndsOfTheAddressSpaceHoldNoTrap() throws {
        for text in [
            "0.0.0.0/0", "255.255.255.255/32", "0.0.0.0/1", "128.0.0.0/1", "::/0", "ffff::/16", "fd00::/8", "10.0.0.0/8",
            "192.168.255.0/24",
        ] {
            let prefix = try #require(IPPrefix(text))
            var site = DeclaredSite(
                name: Located(value: try #require(SiteName("a")), place: Place(file: 0, line: 1, column: 1)))
            site.networks = [Located(value: prefix, place: Place(file: 0, line: 2, column: 1))]
            var free = FreeSpace(taken: Declaration(mesh: "m", sites: [site]))
            if let proposal = free.takeNearest(to: prefix) { #expect(!proposal.overlaps(prefix)) }
        }
    }
}

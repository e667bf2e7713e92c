import Testing
import WarrenModel
import WarrenStatus

@Suite struct MeshGroupsTests {
    private func sites(_ names: [String]) throws -> [SiteStatus] {
        try names.map { SiteStatus(site: try #require(SiteName($0)), connected: $0 != "lima") }
    }

    @Test func linksAreCountedBetweenTags() throws {
        let sites = try sites(["berlin", "lima", "oslo", "tokyo"])
        let tags = [sites[0].site: ["europe"], sites[2].site: ["europe", "north"]]
        let groups = MeshGroups(
            sites: sites, tags: tags, links: [(0, 1, .down), (0, 2, .up), (1, 3, .unknown), (2, 3, .up)])
        #expect(groups.groups.map(\.tag) == ["europe", "north", nil])
        #expect(groups.groups.map(\.sites) == [2, 1, 2])
        #expect(groups.groups.map(\.connectedSites) == [2, 1, 1])
        #expect(
            groups.pairs == [
                .init(first: 0, second: 0, links: [.up: 1]), .init(first: 0, second: 1, links: [.up: 1]),
                .init(first: 0, second: 2, links: [.down: 1, .up: 1]), .init(first: 1, second: 2, links: [.up: 1]),
                .init(first: 2, second: 2, links: [.unknown: 1]),
            ])
    }

    @Test func aGroupThatNobodyIsInIsNone() throws {
        let sites = try sites(["berlin", "oslo"])
        let all = MeshGroups(sites: sites, tags: [sites[0].site: ["x"], sites[1].site: ["x"]], links: [(0, 1, .up)])
        #expect(all.groups.map(\.tag) == ["x"] && all.pairs.count == 1)
        let none = MeshGroups(sites: sites, tags: [:], links: [(0, 1, .up)])
        #expect(none.groups.map(\.tag) == [nil] && none.pairs == [.init(first: 0, second: 0, links: [.up: 1])])
        #expect(MeshGroups(sites: [], tags: [:], links: []).groups.isEmpty)
    }
}

import Testing
import WarrenInventory
import WarrenModel
import WarrenPlan

@Suite struct SiteIndexTests {
    @Test func addingAndRemovingASiteRenamesNothing() throws {
        let inventory = try Samples.inventory("five-sites")
        let indexes = SiteIndexes.assign(inventory.sites, known: [:])
        #expect(inventory.sites.map { indexes[$0.name] } == [1, 2, 3, 4, 5])
        var smaller = inventory
        smaller.sites.remove(at: 1)
        #expect(SiteIndexes.assign(smaller.sites, known: indexes) == indexes)
        var larger = smaller
        larger.sites.insert(try Samples.inventory("handbook").sites[0], at: 0)
        let grown = SiteIndexes.assign(larger.sites, known: indexes)
        #expect(grown[try name("first")] == 6)
        #expect(grown.filter { $0.key.description != "first" } == indexes)
    }

    @Test func numbersThatCanNotBeUsedCountAsUnknown() throws {
        let sites = try Samples.inventory("five-sites").sites
        let known = [
            try name("berlin"): 7, try name("cairo"): 7, try name("lima"): 0, try name("oslo"): -3, try name("tokyo"): Int.max,
        ]
        let indexes = SiteIndexes.assign(sites, known: known)
        #expect(indexes[try name("berlin")] == 7)
        #expect(Set(indexes.values) == [7, 1, 2, 3, 4])
    }
}

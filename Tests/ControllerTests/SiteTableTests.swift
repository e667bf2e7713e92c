import Testing
import WarrenModel
import WarrenStore

@testable import WarrenController

@Suite struct SiteTableTests {
    private func names(_ texts: [String]) -> [SiteName] { texts.compactMap { SiteName($0) } }

    /// The records of a table after sites were declared; each list of names is a generation.
    private func indexes(_ generations: [(sites: [String], pinned: [String: Int])]) -> [String: Int] {
        var records: [SiteID: SiteRecord] = [:]
        var random = SystemRandomNumberGenerator()
        for (number, generation) in generations.enumerated() {
            let table = SiteTable(Array(records.values))
            let pinned = generation.pinned.compactMap { text, index in SiteName(text).map { ($0, index) } }
            let (_, changed) = table.advanced(
                to: Generation(rawValue: UInt64(number + 1)), sites: names(generation.sites),
                pinned: Dictionary(uniqueKeysWithValues: pinned), using: &random)
            for record in changed { records[record.id] = record }
        }
        let live = SiteTable(Array(records.values)).indexes
        return Dictionary(uniqueKeysWithValues: live.map { ($0.key.description, $0.value) })
    }

    @Test func anIndexIsNeverGivenTwice() {
        #expect(indexes([(["a", "b"], [:]), (["a"], [:]), (["a", "c", "b"], [:])]) == ["a": 1, "c": 3, "b": 4])
    }

    @Test func aPinnedIndexIsKeptAndTheOthersAreNotMoved() {
        #expect(indexes([(["a", "b", "c"], ["b": 99_999])]) == ["a": 1, "b": 99_999, "c": 2])
        #expect(indexes([(["a", "b"], [:]), (["a", "b", "c"], ["c": 7])]) == ["a": 1, "b": 2, "c": 7])
        // What the operator takes away is replaced by one that nobody had.
        #expect(indexes([(["a", "b"], [:]), (["a", "b"], ["b": 1])]) == ["a": 3, "b": 1])
        // A pin that goes leaves the site what it has.
        #expect(indexes([(["a", "b"], ["b": 9]), (["a", "b"], [:])]) == ["a": 1, "b": 9])
    }
}

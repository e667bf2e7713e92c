import Testing
import WarrenModel
import WarrenPlan
import WarrenRollout

@Suite struct LimitTests {
    /// a - b - c - d - e in a row, each link changed; a is outside the limit.
    @Test func whoeverIsNearTheLimitStopsEarly() throws {
        let names = ["a", "b", "c", "d", "e"].compactMap(SiteName.init)
        let links = zip(names, names.dropFirst()).compactMap { LinkID($0, $1) }
        let all = Set(TransitionStep.allCases)
        let fleet = RolloutFleet(
            changes: Dictionary(uniqueKeysWithValues: names.map { ($0, all) }), links: links, changedLinks: links)
        let limited = fleet.limited(to: Set(names.dropFirst()))
        #expect(limited.changes[names[0]] == nil)
        #expect(limited.changes[names[1]] == [.expand])
        #expect(limited.changes[names[2]] == [.expand, .switchOver])
        #expect(limited.changes[names[3]] == all && limited.changes[names[4]] == all)
        #expect(fleet.limited(to: nil) == fleet)
    }
}

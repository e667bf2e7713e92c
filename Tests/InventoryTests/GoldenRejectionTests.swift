import Foundation
import Testing
import WarrenInventory

@Suite struct GoldenRejectionTests {
    /// Rules that take a text too large to be kept as a sample: `LimitTests` builds one.
    private let generated: Set<RuleID> = [.tooLarge, .tooMany]
    /// Rules that are judged on the plan, by its own tests.
    private let planned: Set<RuleID> = [.unreachableTest]

    @Test func everyRuleHasARejectedInventoryWithItsExpectedText() throws {
        for rule in RuleID.all where !generated.union(planned).contains(rule) {
            let parts = try SampleFiles.names(in: SampleFiles.rejected).filter {
                $0.split(separator: ".").first == rule.rawValue[...]
            }
            // `rule.2.yaml` is a second file of the same inventory.
            let ordered = parts.sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) }
            try #require(!ordered.isEmpty, "Inventory/rejected/\(rule).yaml is missing")
            let load = Inventory.load(try ordered.map { try SampleFiles.read($0, in: SampleFiles.rejected) })
            #expect(load.inventory == nil)
            #expect(load.diagnostics.contains { $0.rule == rule }, "\(rule).yaml does not break its rule")
            let text = load.diagnostics.map { $0.description + "\n" }.joined()
            let expected = SampleFiles.rejected.appending(path: "\(rule).expected")
            if SampleFiles.updates { try text.write(to: expected, atomically: true, encoding: .utf8) }
            #expect(text == (try String(contentsOf: expected, encoding: .utf8)))
        }
    }

    @Test func everyRejectedFileBelongsToARule() throws {
        let rules = Set(RuleID.all.map(\.rawValue))
        let names = try FileManager.default.contentsOfDirectory(atPath: SampleFiles.rejected.path)
        for name in names where name.hasSuffix(".yaml") || name.hasSuffix(".expected") {
            let rule = name.split(separator: ".").first.map(String.init) ?? name
            #expect(rules.contains(rule), "\(name) belongs to no rule")
        }
    }
}

import Foundation
import Testing
import WarrenInventory
import WarrenInventory
import WarrenPlan

@Suite struct GoldenPlanTests {
    @Test func everySampleHasItsExpectedPlan() throws {
        for sample in try Samples.small() {
            try compare(PlanText.plan(try Samples.plan(sample)), "\(sample).plan.txt")
        }
        for sample in ["five-sites", "handbook", "ipv6-outer", "transport"] {
            try compare(try json(try Samples.plan(sample)), "\(sample).plan.json")
        }
    }

    /// Of a large one, the counts and the first gateway say enough.
    @Test func everyLargeSampleHasItsExpectedSummary() throws {
        let large = Set(try Samples.names()).subtracting(try Samples.small())
        #expect(large.count >= 2)
        for sample in large {
            let mesh = MeshDerivation(try Samples.inventory(sample))
            var text = PlanText.summary(PlanSummary(mesh))
            if let first = mesh.first(where: { $0.tunnels.count < 100 }) {
                text += "\nshortened: the first five lines of each part\n" + shortened(PlanText.gateway(first))
            }
            try compare(text, "\(sample).summary.txt")
        }
    }

    /// As large as a mesh is expected to be.
    @Test func theExampleOfAThousandSitesHasItsExpectedSummary() throws {
        let mesh = MeshDerivation(try Samples.inventory(text: ExampleInventory.text(sites: 1000)))
        let first = try #require(mesh.first { _ in true })
        try compare(
            PlanText.summary(PlanSummary(mesh)) + "\nshortened: the first five lines of each part\n"
                + shortened(PlanText.gateway(first)), "example-1000.summary.txt")
    }

    private func shortened(_ text: String) -> String {
        var inPart = 0
        return text.split(separator: "\n").filter { line in
            inPart = line.hasPrefix("    ") ? inPart + 1 : 0
            return inPart <= 5
        }.map { $0 + "\n" }.joined()
    }

    @Test func everySampleHasItsExpectedChanges() throws {
        let handbook = try Samples.inventory("handbook"), five = try Samples.inventory("five-sites")
        var moved = five
        moved.sites.removeFirst()
        moved.sites[0].gateway.publicAddresses = [try address("198.51.100.99")]
        moved.sites[1].isDrained = true
        let indexes = SiteIndexes.assign(five.sites, known: [:])
        for (old, new, file) in [
            (nil, handbook, "handbook"), (handbook, try Samples.inventory("transport"), "handbook-to-transport"),
            (five, moved, "five-sites-moved"),
        ] as [(Inventory?, Inventory, String)] {
            let mesh = MeshDerivation(new, assignments: Assignments(indexes: old == five ? indexes : [:]))
            let set = MeshComparison(from: old.map { MeshDerivation($0) }, to: mesh).changeSet()
            try compare(PlanText.changes(set), "\(file).changes.txt")
            try compare(try json(set), "\(file).changes.json")
        }
    }

    @Test func jsonReadsBackAsTheSamePlan() throws {
        for sample in try Samples.small() {
            let plan = try Samples.plan(sample)
            #expect(try JSONDecoder().decode(Plan.self, from: Data(json(plan).utf8)) == plan)
        }
    }

    private func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }

    private func compare(_ text: String, _ file: String) throws {
        let place = Samples.golden.appending(path: file)
        if Samples.updates { try text.write(to: place, atomically: true, encoding: .utf8) }
        #expect(text == (try String(contentsOf: place, encoding: .utf8)), "differs from Tests/Golden/\(file)")
    }
}

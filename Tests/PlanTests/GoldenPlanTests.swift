import Foundation
import Testing
import WarrenPlan

@Suite struct GoldenPlanTests {
    @Test func everySampleHasItsExpectedPlan() throws {
        for sample in try Samples.names() {
            let plan = try Samples.plan(sample)
            try compare(PlanText.plan(plan), "\(sample).plan.txt")
            try compare(try json(plan), "\(sample).plan.json")
        }
    }

    @Test func everySampleHasItsExpectedChanges() throws {
        let handbook = try Samples.plan("handbook"), transport = try Samples.plan("transport")
        try compare(PlanText.changes(Plan.changes(from: nil, to: handbook)), "handbook.changes.txt")
        try compare(PlanText.changes(Plan.changes(from: handbook, to: transport)), "handbook-to-transport.changes.txt")
    }

    @Test func jsonReadsBackAsTheSamePlan() throws {
        for sample in try Samples.names() {
            let plan = try Samples.plan(sample)
            #expect(try JSONDecoder().decode(Plan.self, from: Data(json(plan).utf8)) == plan)
        }
    }

    private func json(_ plan: Plan) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(plan), as: UTF8.self) + "\n"
    }

    private func compare(_ text: String, _ file: String) throws {
        let place = Samples.golden.appending(path: file)
        if Samples.updates { try text.write(to: place, atomically: true, encoding: .utf8) }
        #expect(text == (try String(contentsOf: place, encoding: .utf8)), "differs from Tests/Golden/\(file)")
    }
}

import Testing
import WarrenFailpoints

/// Several meshes at once, each of which goes through one death after another: most of the time each waits for a clock.
enum Wards {
    struct Scenario: Sendable {
        let death: Death
        let point: Failpoint
    }

    /// How many meshes two cores carry without one being late for the others' sake.
    private static let width = 5

    static func run(_ scenarios: [Scenario]) async {
        let kinds: [Ward.Kind] = [.shortLived, .roaming, .steady]
        let queues = kinds.map { kind in (kind, Queue(scenarios.filter { $0.death.ward == kind })) }
        await withTaskGroup(of: Void.self) { group in
            for number in 1...width {
                // The first meshes begin with what takes longest, and help with the rest when that is done.
                let own = queues.dropFirst(min(number, kinds.count) - 1)
                group.addTask { for (kind, queue) in own { await work(kind, queue, named: "fail-\(number)") } }
            }
        }
    }

    /// Takes scenarios as long as there are some. A mesh that did not survive one is raised anew for the next.
    private static func work(_ kind: Ward.Kind, _ queue: Queue, named name: String) async {
        while await !queue.isEmpty {
            do {
                try await Ward.with(kind, named: name) { ward in
                    while let next = await queue.next() { try await ward.survives(next.point, next.death) }
                }
            } catch {
                Issue.record("\(error)")
            }
        }
    }

    private actor Queue {
        private var scenarios: ArraySlice<Scenario>

        init(_ scenarios: [Scenario]) { self.scenarios = scenarios[...] }
        var isEmpty: Bool { scenarios.isEmpty }
        func next() -> Scenario? { scenarios.popFirst() }
    }
}

/// Asks again and again, 20 ms apart, until `condition` gives a value; throws when it does not in time, naming `what`.
/// Cancelling the task ends the wait.
@discardableResult
func awaitCondition<Value: Sendable>(
    _ what: String, within limit: Duration, isolation: isolated (any Actor)? = #isolation, details: () -> String? = { nil },
    _ condition: () async throws -> Value?
) async throws -> Value {
    let deadline = ContinuousClock.now.advanced(by: limit)
    while true {
        if let value = try await condition() { return value }
        guard ContinuousClock.now < deadline else {
            throw LabError(.late, "\(what): not within \(limit.components.seconds) s", details: details())
        }
        try await Task.sleep(for: .milliseconds(20))
    }
}

/// Runs `body` for every element, at most `limit` at a time, and answers in the elements' order.
func mapConcurrently<Element: Sendable, Result: Sendable>(
    _ elements: [Element], limit: Int = 16, _ body: @escaping @Sendable (Element) async throws -> Result
) async throws -> [Result] {
    try await withThrowingTaskGroup(of: (Int, Result).self) { group in
        var results: [Int: Result] = [:]
        var next = 0
        while next < elements.count || results.count < elements.count {
            if next < elements.count, next - results.count < limit {
                let index = next
                group.addTask { (index, try await body(elements[index])) }
                next += 1
            } else if let (index, result) = try await group.next() {
                results[index] = result
            }
        }
        return elements.indices.compactMap { results[$0] }
    }
}

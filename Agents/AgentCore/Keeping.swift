import WarrenModel

// What could not be written to disk is tried again, in the order in which it was to be written, until it is there or is not
// wanted any more.
extension AgentState {
    /// Time between two tries.
    static let storageRetry: Duration = .seconds(2)

    mutating func keepUnkept(now: MonotonicTime) -> [Action] {
        guard let unkept, unkept.dueAt <= now else { return [] }
        self.unkept = nil
        return unkept.actions.filter(isStillWanted)
    }

    private func isStillWanted(_ action: Action) -> Bool {
        switch action {
        case .store(let desired, _): desired == good
        case .remember(let rejection): rejection == self.rejection
        // A trial that began since has written its own file in that place.
        case .discardTrial: trial == nil
        default: false
        }
    }
}

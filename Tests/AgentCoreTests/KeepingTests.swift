import AgentCore
import Testing
import WarrenModel

/// What becomes of what could not be written to disk.
struct KeepingTests {
    private var gateway = TrialGateway()

    private mutating func tick(after time: Duration) -> [AgentState.Action] {
        gateway.now = gateway.now + time
        return gateway.state.handle(.tick, now: gateway.now)
    }

    @Test mutating func aStateThatIsNotOnDiskIsWrittenAgainUntilItIs() {
        let good = desired(6)
        gateway.receive(good)
        let store = AgentState.Action.store(good, previous: .stays)
        for _ in 0..<3 {
            #expect(gateway.state.handle(.notKept(store), now: gateway.now) == [.report])
            #expect(!tick(after: .seconds(1)).contains(store))
            #expect(tick(after: .seconds(1)).contains(store))
        }
        #expect(!tick(after: .seconds(10)).contains(store))
    }

    @Test mutating func whatIsNotWantedAnyMoreIsNotWritten() {
        let (_, trial) = gateway.beginTrial()
        let actions: [AgentState.Action] = [
            .store(desired(5), previous: .stays), .remember(Rejection(version: trial.version, reason: "none")), .discardTrial,
        ]
        for action in actions { _ = gateway.state.handle(.notKept(action), now: gateway.now) }
        let again = tick(after: .seconds(2))
        #expect(!actions.contains(where: again.contains))
    }
}

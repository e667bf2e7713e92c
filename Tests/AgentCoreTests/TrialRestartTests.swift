import AgentCore
import Testing
import WarrenModel
import WarrenPlan

/// What becomes of a trial when its agent is killed or its gateway restarted.
struct TrialRestartTests {
    private var gateway = TrialGateway()

    @Test mutating func aRestartGoesOnWithTheTimeThatIsLeft() {
        let (good, trial) = gateway.beginTrial()
        gateway.pass(.seconds(50))
        gateway.restart()
        #expect(gateway.runs == trial && gateway.state.isOnTrial && gateway.reconnects == 2)
        gateway.pass(.seconds(9))
        #expect(gateway.runs == trial)
        gateway.pass(.seconds(1))
        #expect(gateway.runs == good && gateway.state.rejected == trial.version)
    }

    @Test(arguments: [false, true]) mutating func aTrialThatIsOverAtBootWasLost(reboot: Bool) {
        let (good, trial) = gateway.beginTrial()
        if !reboot { gateway.now = gateway.now + .seconds(61) }
        gateway.restart(reboot: reboot)
        #expect(gateway.runs == good && gateway.state.rejected == trial.version && gateway.disk.trial == .none)
        #expect(gateway.applications.last == good.version && gateway.disk.rejection?.version == trial.version)
        gateway.restart()
        #expect(gateway.state.rejected == trial.version)
    }

    @Test mutating func aTrialThatCannotBeReadWasLost() {
        let (good, _) = gateway.beginTrial()
        gateway.disk.trial = .over(nil, "cannot be read: its checksum is wrong")
        gateway.restart()
        #expect(gateway.runs == good && gateway.state.rejected == nil)
        #expect(gateway.state.failure?.hasPrefix("a generation on trial cannot be read") == true)
    }

    /// Killed between any two actions of any event of a trial's life, and started again, the gateway is where it shall be.
    @Test func aKillBetweenAnyTwoActionsIsHarmless() {
        let good = desired(6), trial = desired(7, 1, peers: [3])
        enum End: CaseIterable { case confirmed, expired, givenUp }
        for end in End.allCases {
            for limit in 0..<8 {
                for isKilledAtTheEnd in [false, true] {
                    var gateway = TrialGateway()
                    gateway.receive(good)
                    if !isKilledAtTheEnd {
                        gateway.perform(
                            gateway.state.handle(.received(trial, trial: .seconds(60)), now: gateway.now), limit: limit)
                        gateway.restart()
                    }
                    gateway.receive(trial, trial: .seconds(60))
                    #expect(gateway.runs == trial && gateway.state.isOnTrial)
                    let stream = gateway.open()
                    let event: AgentState.Event
                    switch end {
                    case .confirmed: event = .confirmed(trial.version, stream)
                    case .expired:
                        gateway.now = gateway.now + .seconds(60)
                        event = .tick
                    case .givenUp: event = .rollBack
                    }
                    gateway.perform(gateway.state.handle(event, now: gateway.now), limit: isKilledAtTheEnd ? limit : .max)
                    if isKilledAtTheEnd { gateway.restart() }
                    if gateway.state.isOnTrial {
                        // Nothing was decided before the kill: the trial goes on, and ends by itself.
                        #expect(isKilledAtTheEnd && limit == 0 && end != .expired)
                        gateway.pass(.seconds(60))
                    }
                    let isGood = end == .confirmed && !(isKilledAtTheEnd && limit == 0)
                    #expect(gateway.runs == (isGood ? trial : good))
                    #expect(gateway.disk.good == gateway.runs && gateway.disk.trial == .none)
                    #expect(gateway.state.rejected == (isGood ? nil : trial.version))
                }
            }
        }
    }

    @Test func aKillWhileAnOperatorGoesBackIsHarmless() {
        for limit in 0..<5 {
            var gateway = TrialGateway()
            gateway.receive(desired(6))
            gateway.receive(desired(7))
            gateway.perform(gateway.state.handle(.rollBack, now: gateway.now), limit: limit)
            gateway.restart()
            let expected = limit == 0 ? desired(7) : desired(6)
            #expect(gateway.runs == expected && gateway.disk.good == expected)
            #expect(gateway.state.rejected == (limit == 0 ? nil : desired(7).version))
        }
    }
}

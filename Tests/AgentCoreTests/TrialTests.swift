import AgentCore
import Testing
import WarrenModel
import WarrenPlan

struct TrialTests {
    private var gateway = TrialGateway()

    @Test mutating func aConfirmedTrialIsTheNewLastGoodState() {
        let (good, trial) = gateway.beginTrial()
        #expect(gateway.runs == trial && gateway.disk.good == good && gateway.state.isOnTrial)
        #expect(gateway.reconnects == 1)
        let stream = gateway.open()
        gateway.handle(.confirmed(trial.version, stream))
        #expect(gateway.disk == AgentMemory(good: trial, previous: good))
        #expect(!gateway.state.isOnTrial && gateway.state.failure == nil && gateway.state.version == trial.version)
        gateway.pass(.seconds(3_600))
        #expect(gateway.runs == trial)
    }

    @Test mutating func onlyAStreamOpenedAfterTheApplicationConfirms() {
        gateway.receive(desired(6))
        let trial = desired(7, 1), before = gateway.open()
        gateway.hanging = [trial.version]
        gateway.receive(trial, trial: .seconds(60))
        let during = gateway.open()
        gateway.hanging = []
        gateway.runs = trial
        gateway.handle(.reconciled(trial, found: []))
        for stream in [before, during] { gateway.handle(.confirmed(trial.version, stream)) }
        #expect(gateway.state.isOnTrial)
        let after = gateway.open()
        gateway.handle(.confirmed(desired(7, 2).version, after))
        gateway.handle(.confirmed(desired(6).version, after))
        gateway.handle(.confirmed(trial.version, before))
        #expect(gateway.state.isOnTrial && gateway.disk.good == desired(6))
        _ = gateway.open()
        gateway.handle(.confirmed(trial.version, after))
        #expect(!gateway.state.isOnTrial && gateway.disk.good == trial)
    }

    @Test mutating func anUnconfirmedTrialGoesBackByItself() {
        let (good, trial) = gateway.beginTrial()
        let stream = gateway.open()
        gateway.pass(.milliseconds(59_999))
        #expect(gateway.runs == trial)
        gateway.pass(.milliseconds(1))
        #expect(gateway.runs == good && !gateway.state.isOnTrial)
        #expect(gateway.state.rejected == trial.version && gateway.state.version == good.version)
        #expect(gateway.state.failure == "generation 7.1 was not confirmed within 60 s: went back to 6.0")
        gateway.handle(.confirmed(trial.version, stream))
        #expect(gateway.runs == good && gateway.disk.good == good && gateway.disk.trial == .none)
    }

    @Test mutating func aRejectedStateIsNotTakenAgainAndANewerIs() {
        let (good, trial) = gateway.beginTrial()
        gateway.pass(.seconds(60))
        let count = gateway.applications.count
        for allowance in [Duration.seconds(60), nil] { gateway.receive(trial, trial: allowance) }
        gateway.receive(desired(7, 0), trial: .seconds(60))
        gateway.receive(good)
        gateway.restart()
        gateway.receive(trial)
        #expect(gateway.runs == good && gateway.applications.count == count + 1)
        #expect(
            gateway.refusals.first?.hasPrefix("generation 7.1 is not applied again: generation 7.1 was not confirmed") == true)
        #expect(gateway.state.rejected == trial.version)
        let next = desired(7, 2)
        gateway.receive(next, trial: .seconds(60))
        #expect(gateway.runs == next && gateway.state.rejected == nil && gateway.state.failure == nil)
        let stream = gateway.open()
        gateway.handle(.confirmed(next.version, stream))
        #expect(gateway.disk == AgentMemory(good: next, previous: good))
    }

    @Test mutating func aTrialThatCannotBeAppliedEndsAtOnce() {
        let trial = desired(7, 1)
        gateway.impossible = [trial.version]
        gateway.receive(desired(6))
        gateway.receive(trial, trial: .seconds(60))
        #expect(gateway.runs == desired(6) && gateway.applications.map(\.revision) == [0, 1, 0])
        #expect(gateway.state.failure == "generation 7.1 could not be applied (no device): went back to 6.0")
        #expect(gateway.state.rejected == trial.version && gateway.reconnects == 1)
    }

    @Test mutating func anApplicationThatHangsIsAbandonedInTime() {
        let trial = desired(7, 1)
        gateway.hanging = [trial.version]
        gateway.receive(desired(6))
        gateway.receive(trial, trial: .seconds(60))
        #expect(gateway.runs == nil)
        gateway.pass(.seconds(60))
        #expect(gateway.runs == desired(6) && gateway.disk.good == desired(6))
        // What was tried may have led the connection to the controller astray.
        #expect(gateway.reconnects == 1)
    }

    @Test mutating func theSameStateAgainChangesNothingAndGivesNoMoreTime() {
        let (good, trial) = gateway.beginTrial()
        let count = gateway.applications.count
        gateway.pass(.seconds(4))
        gateway.receive(trial, trial: .seconds(60))
        gateway.receive(trial)
        #expect(gateway.applications.count == count && gateway.state.isOnTrial)
        gateway.pass(.seconds(56))
        #expect(gateway.runs == good)
    }

    /// What was tried and given up for a newer trial is not what the gateway goes back to.
    @Test mutating func aNewerTrialTakesThePlaceOfTheOlder() {
        let (good, _) = gateway.beginTrial()
        let newer = desired(7, 2)
        gateway.receive(newer, trial: .seconds(60))
        #expect(gateway.runs == newer && gateway.disk.good == good)
        gateway.pass(.seconds(60))
        #expect(gateway.runs == good && gateway.state.rejected == newer.version)
    }

    @Test mutating func aStateWithoutTrialEndsTheTrial() {
        let (good, _) = gateway.beginTrial()
        gateway.receive(desired(7, 2))
        #expect(gateway.disk == AgentMemory(good: desired(7, 2), previous: good))
        gateway.pass(.seconds(600))
        #expect(gateway.runs == desired(7, 2))
    }

    @Test mutating func theFirstStateOfAllIsWithdrawnWhenNobodyConfirmsIt() {
        gateway.receive(desired(1), trial: .seconds(60))
        #expect(gateway.runs == desired(1) && gateway.state.isOnTrial)
        gateway.pass(.seconds(60))
        #expect(gateway.runs?.plan.tunnels == [] && gateway.runs?.plan.site == Sample.site)
        #expect(gateway.disk.good == nil && gateway.state.version == .none && !gateway.state.isOnTrial)
        #expect(gateway.state.failure == "generation 1.0 was not confirmed within 60 s: went back to running nothing")
        gateway.runs = desired(1)
        gateway.restart()
        #expect(gateway.runs?.plan.tunnels == [] && gateway.state.rejected == desired(1).version)
        gateway.receive(desired(1, 1), trial: .seconds(60))
        #expect(gateway.runs == desired(1, 1))
    }

    @Test mutating func aGreaterEpochStartsOver() {
        let (_, trial) = gateway.beginTrial()
        gateway.pass(.seconds(60))
        let restored = desired(3, epoch: 2)
        gateway.receive(restored, trial: .seconds(60))
        #expect(gateway.runs == restored)
        gateway.receive(desired(9), trial: .seconds(60))
        gateway.receive(trial, trial: .seconds(60))
        #expect(gateway.runs == restored)
    }

    @Test mutating func aTrialThatCannotBeWrittenDownIsNotBegun() {
        gateway.receive(desired(6))
        let trial = desired(7, 1)
        _ = gateway.state.handle(.received(trial, trial: .seconds(60)), now: gateway.now)
        gateway.handle(.stagingFailed(trial.version, "the disk is full"))
        #expect(gateway.runs == desired(6) && gateway.applications == [desired(6).version])
        #expect(gateway.state.rejected == trial.version && gateway.state.trial == nil)
        #expect(gateway.state.failure?.contains("the disk is full") == true)
    }

    @Test mutating func anOperatorGoesBackOneGenerationAndTheGatewayHoldsIt() {
        let states = [desired(6), desired(7, 1), desired(7, 2), desired(7, 3)]
        for state in states { gateway.receive(state) }
        #expect(gateway.disk == AgentMemory(good: states[3], previous: states[0]))
        gateway.handle(.rollBack)
        #expect(gateway.runs == states[0] && gateway.disk.good == states[0] && gateway.disk.previous == nil)
        #expect(gateway.state.rejected == states[3].version)
        #expect(gateway.state.failure == "an operator on the gateway gave up generation 7.3: went back to 6.0")
        gateway.receive(states[3])
        gateway.restart(reboot: true)
        gateway.receive(states[3], trial: .seconds(60))
        #expect(gateway.runs == states[0])
        gateway.handle(.rollBack)
        #expect(gateway.runs == states[0] && gateway.refusals.last?.hasPrefix("no state before generation 6.0") == true)
        gateway.receive(desired(8))
        #expect(gateway.runs == desired(8) && gateway.state.failure == nil && gateway.disk.rejection == nil)
    }

    @Test mutating func anOperatorEndsATrial() {
        let (good, trial) = gateway.beginTrial()
        gateway.handle(.rollBack)
        #expect(gateway.runs == good && gateway.state.rejected == trial.version && gateway.disk.good == good)
        #expect(gateway.state.failure == "an operator on the gateway ended the trial of generation 7.1: went back to 6.0")
    }
}

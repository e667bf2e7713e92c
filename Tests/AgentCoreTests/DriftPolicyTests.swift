import AgentCore
import Testing
import WarrenModel
import WarrenPlan

struct DriftPolicyTests {
    private let start = MonotonicTime(nanoseconds: 1_000_000_000)
    private let desired = Sample.desired(
        GatewayPlan(
            site: Sample.site, platform: .embedded, index: 1, outerAddresses: [Sample.outer], innerAddress: Sample.inner,
            networks: []))

    private func settled(_ policy: DriftPolicy) -> AgentState {
        var state = AgentState(site: Sample.site, driftPolicy: policy)
        _ = state.handle(.received(desired, trial: nil), now: start)
        _ = state.handle(.reconciled(desired, found: ["all is missing"]), now: start)
        return state
    }

    @Test func whatWasRepairedIsToldForAWhile() {
        var state = settled(.repair)
        #expect(state.recentRepairs == [])
        let later = start + .seconds(5)
        #expect(state.handle(.tick, now: later) == [.reconcile(desired, changedKeys: [])])
        let found = ["the route is missing"]
        #expect(state.handle(.reconciled(desired, found: found), now: later) == [.repaired(found), .report])
        #expect(state.recentRepairs == found)
        _ = state.handle(.tick, now: later + .seconds(4))
        #expect(state.recentRepairs == found)
        _ = state.handle(.tick, now: later + .seconds(5))
        #expect(state.recentRepairs == [])
    }

    @Test func whatADataPlaneLostIsNoDrift() {
        var state = settled(.repair)
        _ = state.handle(.dataPlaneFailed("died"), now: start)
        #expect(state.handle(.reconciled(desired, found: ["all is missing"]), now: start) == [.report])
        #expect(state.recentRepairs == [])
    }

    @Test func withThePolicyReportNothingIsTouched() {
        var state = settled(.report)
        #expect(state.handle(.tick, now: start + .seconds(3_600)) == [])
        // What the data plane lost by itself, nobody changed by hand.
        #expect(
            state.handle(.dataPlaneFailed("died"), now: start) == [.reconcile(desired, changedKeys: []), .report])
        let failed = AgentState.Event.reconciliationFailed(desired, "no daemon", fraction: 1)
        #expect(state.handle(failed, now: start + .seconds(3_600)) == [.report])
        #expect(state.handle(.tick, now: start + .seconds(3_700)) == [.reconcile(desired, changedKeys: [])])
    }
}

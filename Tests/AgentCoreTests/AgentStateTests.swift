import AgentCore
import Testing
import WarrenModel
import WarrenPlan

struct AgentStateTests {
    private let start = MonotonicTime(nanoseconds: 1_000_000_000)
    private var state = AgentState(site: Sample.site)

    private func desired(_ generation: UInt64, peers: [Int] = [2], keyByte: UInt8 = 7) -> DesiredState {
        var plan = GatewayPlan(
            site: Sample.site, platform: .embedded, index: 1, outerAddresses: [Sample.outer], innerAddress: Sample.inner,
            networks: [])
        for number in peers {
            plan.tunnels.append(Sample.tunnel(to: number, interface: number))
            plan.policies += Sample.policies(to: number)
            plan.ike.append(Sample.ike(to: number))
        }
        return Sample.desired(plan, generation: generation, keyByte: keyByte)
    }

    @Test mutating func appliesStoresAndReports() {
        let first = desired(1)
        #expect(state.handle(.tick, now: start) == [])
        #expect(state.handle(.received(first, trial: nil), now: start) == [.reconcile(first, changedKeys: [Sample.peer(2)])])
        #expect(state.isChanging)
        #expect(state.handle(.reconciled(first, found: []), now: start) == [.store(first, previous: .stays), .report])
        #expect(state.version == first.version && !state.isChanging)
    }

    @Test mutating func looksForDriftEveryInterval() {
        let first = desired(1)
        _ = state.handle(.received(first, trial: nil), now: start)
        _ = state.handle(.reconciled(first, found: []), now: start)
        #expect(state.handle(.tick, now: start + .seconds(4)) == [])
        #expect(state.handle(.tick, now: start + .seconds(5)) == [.reconcile(first, changedKeys: [])])
        #expect(state.handle(.tick, now: start + .seconds(20)) == [])
        #expect(state.handle(.reconciled(first, found: []), now: start + .seconds(20)) == [])
    }

    @Test mutating func neverRunsTwoAndTheNewestWins() {
        let first = desired(1), second = desired(2), third = desired(3, peers: [2, 3])
        _ = state.handle(.received(first, trial: nil), now: start)
        #expect(state.handle(.received(second, trial: nil), now: start) == [])
        #expect(state.handle(.received(third, trial: nil), now: start) == [])
        #expect(state.handle(.tick, now: start + .seconds(60)) == [])
        #expect(
            state.handle(.reconciled(first, found: []), now: start)
                == [.store(first, previous: .stays), .report, .reconcile(third, changedKeys: [Sample.peer(3)])])
    }

    @Test mutating func refusesAnOlderGeneration() throws {
        _ = state.handle(.received(desired(5), trial: nil), now: start)
        _ = state.handle(.reconciled(desired(5), found: []), now: start)
        let actions = state.handle(.received(desired(4), trial: nil), now: start)
        #expect(actions == [.refuse("generation 4.0 is older than 5.0, which this gateway has"), .report])
        #expect(state.target == desired(5))
        #expect(try #require(state.failure).contains("older than 5.0"))
        _ = state.handle(.received(desired(5), trial: nil), now: start)
        #expect(state.failure == nil)
    }

    @Test mutating func theLastGoodStateIsAFloorToo() {
        let old = desired(9)
        #expect(state.handle(.restored(AgentMemory(good: old)), now: start) == [.reconcile(old, changedKeys: [])])
        #expect(state.handle(.received(desired(8), trial: nil), now: start).last == .report)
        #expect(state.handle(.reconciled(old, found: []), now: start) == [.report])
        #expect(state.target == old)
    }

    @Test mutating func triesAgainAfterAFailure() {
        let first = desired(1)
        _ = state.handle(.received(first, trial: nil), now: start)
        #expect(state.handle(.reconciliationFailed(first, "no device", fraction: 1), now: start) == [.report])
        #expect(state.failure == "no device" && state.version == .none)
        #expect(state.handle(.tick, now: start + .milliseconds(499)) == [])
        let again = state.handle(.tick, now: start + .milliseconds(500))
        #expect(again == [.reconcile(first, changedKeys: [Sample.peer(2)])])
        _ = state.handle(.reconciled(first, found: []), now: start)
        #expect(state.failure == nil)
    }

    @Test mutating func repairsAtOnceWhenTheDataPlaneFails() {
        let first = desired(1)
        _ = state.handle(.received(first, trial: nil), now: start)
        _ = state.handle(.reconciled(first, found: []), now: start)
        #expect(state.handle(.dataPlaneFailed("died"), now: start) == [.reconcile(first, changedKeys: []), .report])
        #expect(state.handle(.reconciled(first, found: []), now: start) == [.report])
        #expect(state.failure == nil)
    }

    @Test mutating func setsPeersWhoseKeyIsAnotherUnderTheSameName() {
        _ = state.handle(.received(desired(1), trial: nil), now: start)
        _ = state.handle(.reconciled(desired(1), found: []), now: start)
        let other = desired(2, keyByte: 9)
        #expect(state.handle(.received(other, trial: nil), now: start) == [.reconcile(other, changedKeys: [Sample.peer(2)])])
    }

    @Test mutating func refusesWhatWouldNotBeProtected() throws {
        var bare = desired(1)
        bare.plan.policies.removeLast()
        #expect(state.handle(.received(bare, trial: nil), now: start).last == .report)
        #expect(try #require(state.failure).contains("no in policy"))
        #expect(state.target == nil)
    }

    @Test func findsTheFaultsOfAForeignState() {
        var foreign = desired(1)
        foreign.keys = [:]
        foreign.plan.routes = [Route(destination: Sample.network(3), via: nil, interface: "eth0")]
        let faults = foreign.faults(for: SiteName("tokyo")!)
        #expect(faults.contains("it is the plan of site berlin, this gateway is tokyo"))
        #expect(faults.contains("the key of IKE peer site2 is missing"))
        #expect(faults.contains { $0.contains("eth0, which is no tunnel") })
        #expect(desired(1).faults(for: Sample.site) == [])
    }
}

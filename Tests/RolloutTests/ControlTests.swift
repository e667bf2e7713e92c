import Foundation
import Testing
import WarrenInventory
import WarrenModel
import WarrenPlan

@testable import WarrenRollout

/// What `MeshControl` has its gateways run, from the first generation on.
@Suite struct ControlTests {
    private let names = ControlledMesh.names
    private let newKeys = ControlledMesh.content(keyEpoch: 2)

    private func expectIncreasing(_ mesh: ControlledMesh) {
        for name in names {
            let versions = mesh.told.filter { $0.site == name }.map(\.version)
            #expect(zip(versions, versions.dropFirst()).allSatisfy { $0 < $1 }, "\(name): \(versions)")
        }
    }

    @Test func aFirstGenerationIsRunAtOnce() {
        let mesh = ControlledMesh()
        #expect(!mesh.isUnderWay)
        #expect(mesh.told.map(\.version) == names.map { _ in StateVersion(generation: Generation(rawValue: 1)) })
        for name in names { #expect(mesh.isAsPlanned(name)) }
    }

    @Test func offeredConfirmedFinished() {
        var mesh = ControlledMesh()
        mesh.accept(newKeys)
        #expect(mesh.isUnderWay)
        mesh.run()
        #expect(mesh.outcomes == [.completed])
        for name in names {
            let revisions = mesh.told.filter { $0.site == name && $0.version.generation.rawValue == 2 }.map(\.version.revision)
            #expect(revisions == [1, 2, 3])
            #expect(mesh.isAsPlanned(name))
            #expect(mesh.agents[name]?.isOnTrial == false)
        }
        expectIncreasing(mesh)
    }

    /// Nothing that a change does not touch is told anything.
    @Test func whatStaysTheSameKeepsItsVersion() {
        var mesh = ControlledMesh()
        let count = mesh.told.count
        mesh.accept(ControlledMesh.content())
        mesh.run()
        #expect(mesh.told.count == count)
        #expect(mesh.control.generation == Generation(rawValue: 2) && !mesh.isUnderWay)
        #expect(mesh.control.intendedVersion(of: names[0]) == StateVersion(generation: Generation(rawValue: 1)))
    }

    /// A gateway that took a state on trial just before its roll-out was aborted, which the next does not touch, keeps it.
    @Test func aTrialOutlivesItsRollOut() {
        var mesh = ControlledMesh()
        let version = StateVersion(generation: Generation(rawValue: 1))
        mesh.accept(ControlledMesh.content())
        let actions = mesh.control.handle(
            .connected(names[0], version: version, isOnTrial: true), now: MonotonicTime(nanoseconds: 0))
        #expect(actions.contains(.confirm(names[0], version)))
        for (running, isOnTrial) in [(version, false), (.none, true)] {
            let others = mesh.control.handle(
                .connected(names[0], version: running, isOnTrial: isOnTrial), now: MonotonicTime(nanoseconds: 0))
            #expect(others == [.remind(names[0])])
        }
    }

    /// The next roll-out leads a gateway on from where it is, also when somebody on it went back by a whole generation.
    @Test func whoWentBackByHandIsLedFromThere() {
        var mesh = ControlledMesh()
        mesh.accept(newKeys)
        let site = names[0], first = StateVersion(generation: Generation(rawValue: 1))
        let settled = mesh.agents[site]?.good
        #expect(settled?.generation == Generation(rawValue: 2))
        #expect(mesh.control.rollout?.standing(of: site) == .expand)
        mesh.agents[site] = ControlledMesh.Agent(running: first, good: first, rejected: settled)
        mesh.report(site)
        mesh.tell(.command(.abort))
        #expect(mesh.control.rollout?.standing(of: site) == nil)
        #expect(mesh.control.settledCourses()[site]?.way == [Waypoint(Generation(rawValue: 1), .contract)])
    }

    @Test func aRefusalIsRolledBackUnderNewerVersions() {
        var mesh = ControlledMesh()
        let before = names.map { mesh.control.target(of: $0)?.plan }
        mesh.refusing = [names[3]]
        mesh.accept(newKeys)
        mesh.run()
        #expect(mesh.rollBacks == [Generation(rawValue: 1)])
        #expect(!mesh.isUnderWay)
        mesh.refusing = []
        mesh.accept(ControlledMesh.content(), kind: .rollBack, strategy: .rollingBack)
        mesh.run()
        #expect(names.map { mesh.control.target(of: $0)?.plan } == before)
        for name in names { #expect(mesh.isAsPlanned(name)) }
        // A rolling back that fails is not rolled back in its turn.
        #expect(mesh.rollBacks.count == 1)
        expectIncreasing(mesh)
    }

    @Test func aHaltIsResumed() {
        var mesh = ControlledMesh()
        var strategy = RolloutStrategy()
        strategy.onFailure = .halt
        mesh.refusing = [names[3]]
        mesh.accept(newKeys, strategy: strategy)
        mesh.run()
        #expect(mesh.control.rollout?.view.status == .halted)
        let count = mesh.told.count
        mesh.pass(seconds: 1000)
        mesh.tell(.tick)
        #expect(mesh.told.count == count)
        mesh.refusing = []
        mesh.tell(.command(.resume(without: [])))
        mesh.run()
        #expect(mesh.outcomes.last == .completed)
        for name in names { #expect(mesh.isAsPlanned(name)) }
        expectIncreasing(mesh)
    }

    @Test func aLateGatewayGetsItsStateWhenItComes() {
        var mesh = ControlledMesh()
        var strategy = RolloutStrategy()
        strategy.maxLate = .percent(100)
        strategy.leavesBehind = true
        mesh.away = [names[3]]
        mesh.tell(.disconnected(names[3]))
        for name in names.prefix(3) { LinkID(name, names[3]).map { mesh.tell(.link($0, isUp: false)) } }
        mesh.accept(newKeys, strategy: strategy)
        mesh.run()
        #expect(mesh.outcomes.last == .completed)
        #expect(!mesh.told.contains { $0.site == names[3] && $0.version.generation.rawValue == 2 })
        mesh.away = []
        mesh.connect(names[3])
        #expect(mesh.isAsPlanned(names[3]))
        #expect(mesh.agents[names[3]]?.isOnTrial == false)
        expectIncreasing(mesh)
    }

    @Test func aPeerWhoseTurnIsYetToComeHoldsNobodyUp() {
        var mesh = ControlledMesh()
        mesh.restarted = [names[2]]
        mesh.accept(newKeys)
        mesh.run()
        #expect(mesh.outcomes == [.completed])
        for name in names { #expect(mesh.isAsPlanned(name)) }
    }

    /// What a gateway runs does not change under it, also when the controller starts anew.
    @Test func theAddressOfASiteThatLeavesStaysKnown() throws {
        let dynamic = names[3]
        let content = ControlledMesh.content(dynamic: dynamic)
        var mesh = ControlledMesh(content)
        mesh.tell(.learned([dynamic: [try #require(IPAddress("203.0.113.9"))]]))
        let before = try #require(mesh.control.target(of: names[2]))
        #expect(before.plan.tunnels.contains { $0.peer == dynamic })
        var inventory = content.inventory
        inventory.sites.removeAll { $0.name == dynamic }
        mesh.away = Set(names)
        mesh.accept(MeshContent(inventory, assignments: .none))
        #expect(mesh.control.target(of: names[2]) == before)
        let restarted = MeshControl(mesh.control.record, contents: mesh.control.allContents)
        #expect(restarted.target(of: names[2]) == before)
    }

    // MARK: What changes under a roll-out

    /// Until the canary has its first state.
    private func halfWay(_ content: MeshContent, to next: MeshContent) -> ControlledMesh {
        var mesh = ControlledMesh(content)
        mesh.accept(next)
        #expect(mesh.isUnderWay && Set(mesh.told.filter { $0.version.generation.rawValue == 2 }.map(\.site)).count == 2)
        return mesh
    }

    @Test func anAddressIsLearnedMeanwhile() throws {
        let dynamic = names[2]
        var mesh = halfWay(
            ControlledMesh.content(dynamic: dynamic), to: ControlledMesh.content(keyEpoch: 2, dynamic: dynamic))
        #expect(Set(mesh.control.awaitedLinks.keys) == Set(names.compactMap { LinkID($0, dynamic) }))
        #expect(mesh.control.awaitedLinks.values.allSatisfy { $0.site == dynamic && $0.source == .agent })
        let address = try #require(IPAddress("203.0.113.9"))
        mesh.tell(.learned([dynamic: [address]]))
        #expect(mesh.control.awaitedLinks.isEmpty)
        for name in names where name != dynamic {
            let plan = try #require(mesh.control.target(of: name)).plan
            #expect(plan.tunnels.first { $0.peer == dynamic }?.outer.remote == address, "\(name)")
            #expect(mesh.agents[name]?.running == mesh.control.intendedVersion(of: name))
        }
        mesh.run()
        for name in names { #expect(mesh.isAsPlanned(name)) }
        expectIncreasing(mesh)
    }

    @Test func keysAreGivenUpMeanwhile() throws {
        var mesh = halfWay(ControlledMesh.content(), to: newKeys)
        mesh.tell(.compromised(names[1]))
        func epochs(_ name: SiteName) throws -> [[UInt32]] {
            let plan = try #require(mesh.control.target(of: name)).plan
            return plan.ike.filter { $0.peer == names[1] }.map { $0.acceptedKeys.map(\.epoch) }
        }
        for name in names where name != names[1] {
            #expect(try epochs(name) == [[3]], "\(name)")
            #expect(mesh.agents[name]?.running == mesh.control.intendedVersion(of: name))
        }
        mesh.run()
        #expect(mesh.outcomes.last == .completed)
        for name in names where name != names[1] { #expect(try epochs(name) == [[3]]) }
        expectIncreasing(mesh)
    }

    // MARK: What is kept

    private func reread(_ mesh: ControlledMesh, epoch: UInt64 = 1) throws -> MeshControl {
        let record = mesh.control.record, encoder = JSONEncoder(), decoder = JSONDecoder()
        let progress = try decoder.decode(MeshControl.Record.self, from: encoder.encode(record.progress))
        let fleet = try record.fleet.map { try decoder.decode(RolloutFleet.self, from: encoder.encode($0)) }
        let back = try #require(MeshControl.Record(progress: progress, fleet: fleet))
        #expect(back == record)
        return MeshControl(back, contents: mesh.control.allContents, epoch: epoch)
    }

    /// Killed in the midst of a wave: each gateway is told what it would have been told, no more and no less.
    @Test func goesOnFromWhatIsKept() throws {
        var undisturbed = halfWay(ControlledMesh.content(), to: newKeys)
        var killed = undisturbed
        killed.control = try reread(undisturbed)
        killed.tell(.restarted)
        for name in names { killed.connect(name) }
        killed.bringLinksUp()
        #expect(killed.told.map(\.version) == undisturbed.told.map(\.version))
        undisturbed.run()
        killed.run()
        #expect(killed.told.map(\.site) == undisturbed.told.map(\.site))
        #expect(killed.told.map(\.version) == undisturbed.told.map(\.version))
        #expect(killed.outcomes == undisturbed.outcomes)
        #expect(names.map { killed.control.target(of: $0) } == names.map { undisturbed.control.target(of: $0) })
    }

    @Test func partsThatDoNotFitAreNoRecord() throws {
        let record = halfWay(ControlledMesh.content(), to: newKeys).control.record
        #expect(MeshControl.Record(progress: record.progress, fleet: nil) == nil)
        let other = RolloutFleet(changes: [names[0]: [.expand]], links: [], changedLinks: [])
        #expect(MeshControl.Record(progress: record.progress, fleet: other) == nil)
    }

    /// After a restore nobody knows what the gateways were told: what they shall run is newer than all of it.
    @Test func aLaterEpochIsNewerThanAnything() throws {
        var mesh = halfWay(ControlledMesh.content(), to: newKeys)
        let running = names.map { mesh.agents[$0]?.running ?? .none }
        mesh.control = try reread(mesh, epoch: 7)
        #expect(!mesh.isUnderWay)
        mesh.tell(.restarted)
        for (name, before) in zip(names, running) {
            let target = try #require(mesh.control.target(of: name))
            #expect(target.version.epoch == 7 && target.version > before)
            mesh.connect(name)
            #expect(mesh.agents[name]?.good == target.version)
        }
        mesh.accept(ControlledMesh.content(keyEpoch: 3))
        mesh.run()
        for name in names { #expect(mesh.isAsPlanned(name)) }
        #expect(mesh.told.last?.version.epoch == 7)
        expectIncreasing(mesh)
    }
}

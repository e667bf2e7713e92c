import Testing
import WarrenModel

@testable import WarrenRollout

/// After the controller started anew, a roll-out goes on as soon as those who were there are back.
@Suite struct RestartTests {
    private let names = ControlledMesh.names

    /// Killed after the canary's first state was confirmed.
    private func restarted() -> ControlledMesh {
        var mesh = ControlledMesh()
        mesh.accept(ControlledMesh.content(keyEpoch: 2))
        mesh.pass(seconds: 1)
        mesh.tell(.restarted)
        return mesh
    }

    private func sitesTold(_ mesh: ControlledMesh) -> Set<SiteName> {
        Set(mesh.told.filter { $0.version.generation.rawValue == 2 }.map(\.site))
    }

    @Test func goesOnOnceAllHaveReported() throws {
        var mesh = restarted()
        let limit = try #require(mesh.control.deadline())
        for name in names { mesh.connect(name) }
        mesh.bringLinksUp()
        let due = try #require(mesh.control.deadline())
        // The settle time, and not the time that is given to whoever is late.
        #expect(due < limit)
        #expect(mesh.control.rollout?.regathering == nil)
        mesh.run()
        #expect(mesh.outcomes.last == .completed)
        #expect(mesh.control.rollout?.view.late.isEmpty == true)
    }

    @Test func waitsForTheLastOfThem() throws {
        var mesh = restarted()
        let canary = sitesTold(mesh)
        for name in names.dropLast() { mesh.connect(name) }
        #expect(mesh.control.rollout?.regathering?.sites == [names[3]])
        mesh.pass(seconds: 29)
        mesh.tell(.tick)
        #expect(mesh.control.rollout?.regathering != nil)
        #expect(sitesTold(mesh) == canary)
        mesh.pass(seconds: 1)
        mesh.tell(.tick)
        #expect(mesh.control.rollout?.regathering == nil)
    }

    /// That a gateway is connected says nothing of its links yet.
    @Test func connectedIsNotEnough() throws {
        var mesh = restarted()
        for name in names {
            let running = try #require(mesh.agents[name]?.running)
            mesh.tell(.connected(name, version: running, isOnTrial: false))
        }
        #expect(mesh.control.rollout?.regathering?.sites == Set(names))
        for name in names { mesh.report(name) }
        #expect(mesh.control.rollout?.regathering == nil)
    }
}

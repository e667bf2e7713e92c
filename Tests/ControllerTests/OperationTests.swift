import Foundation
import Logging
import Testing
import WarrenInventory
import WarrenModel
import WarrenPlan
import WarrenRollout
import WarrenStatus

@testable import WarrenController

/// What operators do without another inventory, and what happens without any operator.
@Suite struct OperationTests {
    static let quick = RolloutFlowTests.quick

    @Test func drainingAndBack() async throws {
        try await SimulatedFleet.with(["ams", "ber", "cph"]) { fleet in
            let controller = fleet.mesh.controller, ber = try fleet.mesh.site("ber")
            let before = try #require(await controller.currentMesh).mesh
            _ = try await controller.setDrained(true, ber, manner: Self.quick, expecting: Generation(rawValue: 1))
            try await fleet.untilFinished(2)
            let drained = try #require(await controller.currentMesh).mesh
            #expect(drained[ber]?.routes.isEmpty == true || drained[ber] != before[ber])
            try await fleet.until { status in status.sites.allSatisfy { $0.version == $0.intended } }
            await #expect(throws: ControllerError.self) { _ = try await controller.setDrained(true, ber, manner: Self.quick) }
            let stale = await #expect(throws: ControllerError.self) {
                _ = try await controller.setDrained(false, ber, manner: Self.quick, expecting: Generation(rawValue: 1))
            }
            guard case .generationConflict? = stale else {
                Issue.record("not a conflict: \(String(describing: stale))")
                return
            }
            _ = try await controller.rollBack(to: Generation(rawValue: 1), manner: Self.quick)
            try await fleet.untilFinished(3)
            #expect(try #require(await controller.currentMesh).mesh[ber] == before[ber])
            try await fleet.until { $0.isWell }
        }
    }

    /// The certificate is good for nothing at once, and so are the keys that the gateway had.
    @Test func revoking() async throws {
        try await SimulatedFleet.with(["ams", "ber", "cph"]) { fleet in
            let controller = fleet.mesh.controller, ber = try fleet.mesh.site("ber")
            let token = try await controller.createToken(for: ber, lifetimeSeconds: 600).text()
            #expect(try await controller.revoke(ber) == Generation(rawValue: 1))
            try await fleet.until { status in
                status.sites.allSatisfy { $0.site == ber ? !$0.connected : $0.version?.revision == 1 }
            }
            let plan = try #require(await fleet["ams"].memory.running)
            #expect(plan.plan.ike.filter { $0.peer == ber }.map(\.acceptedKeys).map { $0.map(\.epoch) } == [[2]])
            #expect(plan.plan.ike.filter { $0.peer != ber }.flatMap(\.acceptedKeys).map(\.epoch) == [1])
            // What was made under the former key ends at once there, and there only.
            #expect(plan.plan.ike.filter { $0.keyFloor != nil }.map(\.peer) == [ber])
            #expect(plan.plan.ike.compactMap(\.keyFloor) == [2])
            #expect(await fleet["ams"].ran.last?.isTrial == false)
            await #expect(throws: ControllerError.self) { try await controller.revoke(ber) }
            // A token that the gateway may have kept is worth nothing, and its certificate opens nothing.
            await #expect(throws: (any Error).self) {
                _ = try await TestAgent.enrol(
                    token: token, as: "ber", at: fleet.mesh.enrolmentPort, trusting: controller.authority.encoded)
            }
            await fleet["ber"].run(at: fleet.mesh.linkPort)
            #expect(await fleet["ber"].endings.last == .unauthenticated)
            // New hardware takes over.
            let next = SimulatedGateway(ber, identity: try await fleet.mesh.enrolled("ber"), log: fleet.log)
            try await SimulatedFleet(mesh: fleet.mesh, gateways: ["ber": next], log: fleet.log).whileRunning(["ber"]) {
                try await fleet.until { $0.isWell }
                #expect(await next.memory.good?.plan.ike.flatMap(\.acceptedKeys).map(\.epoch) == [2, 2])
                // A rotation counts from what is in use, not from what the generation says.
                _ = try await controller.rotateKeys(of: nil, manner: Self.quick)
                try await fleet.untilFinished(2)
                #expect(await next.memory.running?.plan.ike.flatMap(\.acceptedKeys).map(\.epoch) == [3, 3])
                let changes = try await controller.changes(from: Generation(rawValue: 1), to: Generation(rawValue: 2))
                #expect(changes.links.count == 3)
            }
            #expect(try await controller.events(since: 0).contains { $0.kind == .agentRevoked && $0.site == ber })
        }
    }

    static let dynamic = [
        InventoryFile(
            name: "mesh.yaml",
            text: """
                version: 1
                mesh: acme
                sites:
                  ams:
                    gateway: {public: 198.18.0.1, private: 172.20.1.1}
                    networks: [172.20.1.0/24]
                  ber:
                    gateway: {public: dynamic, private: 172.20.2.1}
                    networks: [172.20.2.0/24]
                  cph:
                    gateway: {public: cph.example.net, private: 172.20.3.1}
                    networks: [172.20.3.0/24]

                """)
    ]

    /// Addresses come from the agent and from the name's look-up, and a change reaches those whom it concerns without an
    /// operator.
    @Test func addressesAreLearned() async throws {
        let found = Mutable([IPAddress("198.18.0.3")!])
        let options = Controller.Options(lookUp: { $0 == "cph.example.net" ? found.value : [] })
        try await SimulatedFleet.with(["ams", "ber", "cph"], files: Self.dynamic, offline: ["ber"], options: options) { fleet in
            let ams = fleet["ams"], ber = try fleet.mesh.site("ber"), cph = try fleet.mesh.site("cph")
            try await fleet.until { $0.links.filter { $0.state == .up }.count == 1 }
            #expect(await ams.memory.running?.plan.awaiting.map(\.peer) == [ber])
            await fleet["ber"].say([IPAddress("198.18.0.2")!, IPAddress("::1")!])
            try await fleet.whileRunning(["ber"]) {
                try await fleet.until { $0.isWell && $0.links.count == 3 }
                #expect(await ams.memory.running?.plan.tunnels.map(\.outer.remote.description) == ["198.18.0.2", "198.18.0.3"])
                // It moves.
                await fleet["ber"].say([IPAddress("198.18.0.99")!])
                found.value = [IPAddress("198.18.0.98")!]
                await fleet.mesh.controller.lookUpNames()
                let moved: Set<String> = ["198.18.0.98", "198.18.0.99"]
                for _ in 0..<200 {
                    let remotes = await ams.memory.running?.plan.tunnels.map(\.outer.remote.description) ?? []
                    if Set(remotes) == moved { break }
                    try await Task.sleep(for: .milliseconds(20))
                }
                #expect(Set(await ams.memory.running?.plan.tunnels.map(\.outer.remote.description) ?? []) == moved)
                try await fleet.until { $0.isWell }
                // The address of another site is not taken.
                await fleet["ber"].say([IPAddress("198.18.0.1")!])
                found.value = [IPAddress("198.18.0.1")!]
                await fleet.mesh.controller.lookUpNames()
                try await fleet.until { $0.isWell }
                #expect(await fleet.mesh.controller.control.record.addresses[cph] == [IPAddress("198.18.0.98")!])
            }
            #expect(await fleet.mesh.controller.currentMesh?.generation == Generation(rawValue: 1))
            let told = try await fleet.mesh.controller.events(since: 0).filter { $0.kind == .addressLearned }
            #expect(told.count == 4)
        }
    }

    /// Behind a NAT, an agent is reached where it is seen; on the controller's own machine, where it says.
    @Test func whereAnAgentIsReached() {
        func choice(_ told: [String], _ seen: String?) -> [String] {
            Controller.publicAddresses(told: told.compactMap { IPAddress($0) }, seen: seen.flatMap { IPAddress($0) })
                .map(\.description)
        }
        #expect(choice(["10.0.0.2", "2001:db8::2"], "198.51.100.7") == ["198.51.100.7", "2001:db8::2"])
        #expect(choice(["198.51.100.9"], "127.0.0.1") == ["198.51.100.9"])
        #expect(choice(["198.51.100.9"], "2001:db8::1") == ["198.51.100.9"])
        #expect(choice(["fe80::1", "127.0.0.1"], nil) == [])
        #expect(NameLookup.address(ofPeer: "ipv4:192.0.2.1:80") == IPAddress("192.0.2.1"))
        #expect(NameLookup.address(ofPeer: "ipv6:[2001:db8::1]:80") == IPAddress("2001:db8::1"))
        #expect(NameLookup.address(ofPeer: "ipv6:[::ffff:192.0.2.1]:80") == IPAddress("192.0.2.1"))
        #expect(NameLookup.address(ofPeer: "unix:/run/x:") == nil)
    }

    /// A controller that ends in the middle of a wave goes on where it was.
    @Test func aRestartGoesOn() async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("warren-restart-\(UUID().uuidString)")
            .path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let names = ["ams", "ber", "cph", "dub"], log = RunLog(), log2 = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let kept = Mutable<[String: SimulatedGateway]>([:])
        do {
            let controller = try await Controller(directory: directory, log: log2)
            defer { controller.close() }
            _ = try await controller.accept(TestMesh.inventory(names), expecting: .none)
            try await TestMesh.serve(controller) { mesh in
                var gateways: [String: SimulatedGateway] = [:]
                for name in names {
                    gateways[name] = SimulatedGateway(try mesh.site(name), identity: try await mesh.enrolled(name), log: log)
                }
                kept.value = gateways
                let fleet = SimulatedFleet(mesh: mesh, gateways: gateways, log: log)
                try await fleet.whileRunning(Set(names)) {
                    try await fleet.until { $0.isWell }
                    for name in ["ams", "ber"] { await fleet[name].hold(true) }
                    _ = try await controller.rotateKeys(of: nil, manner: Self.quick)
                    try await fleet.untilRollout { _ in Set(log.sites(in: 2)) == ["ams", "ber"] }
                }
            }
        }
        #expect(log.sites(in: 2).count == 2)
        let again = try await Controller(directory: directory, log: log2)
        #expect(await again.currentRollout?.view.status == .running)
        try await TestMesh.serve(again) { mesh in
            let fleet = SimulatedFleet(mesh: mesh, gateways: kept.value, log: log)
            for name in names { await fleet[name].hold(false) }
            try await fleet.whileRunning(Set(names)) {
                let record = try await fleet.untilFinished(2)
                #expect(record.view.status == .completed, "\(record.view)")
                try await fleet.until { $0.isWell }
            }
        }
        // What was on trial when it ended was confirmed, not offered anew.
        #expect(log.sites(in: 2).count == 12)
    }

    /// A site that was taken out in a roll-out that is rolled back comes back as what it was.
    @Test func aSiteComesBackAsItself() async throws {
        try await SimulatedFleet.with(["ams", "ber", "cph"]) { fleet in
            let controller = fleet.mesh.controller
            _ = try await controller.accept(
                TestMesh.inventory(["ams", "ber"]), manner: Self.quick, expecting: Generation(rawValue: 1))
            try await fleet.untilFinished(2)
            let left = try #require(await fleet["cph"].memory.running)
            #expect(left.plan.tunnels.isEmpty && left.keys.isEmpty)
            _ = try await controller.rollBack(to: Generation(rawValue: 1), manner: Self.quick)
            try await fleet.untilFinished(3)
            // With the certificate that it has had all the time.
            try await fleet.until { $0.isWell && $0.sites.count == 3 }
        }
    }
}

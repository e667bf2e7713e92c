import Foundation
import Glibc
import Testing
import WarrenClient
import WarrenFailpoints
import WarrenInventory
import WarrenModel
import WarrenStatus

@testable import WarrenLab

/// Two sites in namespaces with real programs, of which one is made to die again and again.
final class Ward: @unchecked Sendable {
    let lab: Lab
    private var number = 0

    private init(_ lab: Lab) { self.lab = lab }

    /// Lends a mesh that is whole, and takes it down again.
    static func with(_ mesh: String, _ body: (Ward) async throws -> Void) async throws {
        let file = InventoryFile(name: "\(mesh).yaml", text: text(mesh, extra: 0))
        let inventory = try #require(Inventory.load([file]).inventory)
        let lab = try Lab(inventory, files: [file], programDirectory: Programs.directory, say: { _ in })
        try await Lab.takeDown(lab.names)
        try await lab.raise()
        do {
            let ward = Ward(lab)
            try await ward.awaitWell(atLeast: 1)
            try await body(ward)
        } catch {
            try await Lab.takeDown(lab.names)
            throw error
        }
        try await Lab.takeDown(lab.names)
    }

    private static func text(_ mesh: String, extra: Int) -> String {
        """
        version: 1
        mesh: \(mesh)
        sites:
          first:
            gateway: {public: 203.0.113.10, private: 192.168.1.1}
            networks: [192.168.1.0/24]
            translate: {192.168.1.0/24: 10.201.1.0/24}
          second:
            gateway: {public: 198.51.100.20, private: 192.168.2.1}
            networks: [192.168.2.0/24\(extra == 0 ? "" : ", 10.\(extra).0.0/16")]

        """
    }

    /// Lets something die at `point`, and looks whether the mesh is whole after it.
    func survives(_ point: Failpoint, _ body: (Doom) async throws -> Void) async throws {
        let doom = try Doom(point)
        defer { doom.forget() }
        let before = try await status().generation.rawValue
        do {
            try await body(doom)
            #expect(doom.isFulfilled, "\(point.rawValue) was not passed")
            try await awaitWell(atLeast: before)
        } catch {
            Issue.record("\(point.rawValue): \(error)\n\(tail(of: agentLog))\n\(tail(of: lab.programs.controllerLog))")
            throw error
        }
        for site in lab.topology.sites { #expect(try openFiles(below: lab.programs.stateDirectory(of: site)) == []) }
        #expect(try openFiles(below: "\(lab.names.directory)/controller") == [])
    }

    // MARK: Deaths

    /// The gateway restarts: nothing is in its kernel, and no program runs.
    func dieBooting(_ doom: Doom) async throws {
        try await crash()
        let pid = try startAgent(doom)
        #expect(try await signal(ending: pid) == SIGKILL, "\(doom.point.rawValue)")
        try startAgent()
    }

    func dieChanging(_ doom: Doom) async throws {
        // A route is taken away only if one is there.
        if number % 2 == 0 { try await apply() }
        try await lab.end("warren-agent", in: first.gatewayNamespace, signal: SIGKILL)
        let pid = try startAgent(doom)
        try await lab.awaitSessions()
        try await apply(waits: false)
        #expect(try await signal(ending: pid) == SIGKILL, "\(doom.point.rawValue)")
        try startAgent()
    }

    /// The daemon dies while its agent sets it up, and is started again by that.
    func loseDaemon(_ doom: Doom) async throws {
        try await crash()
        try startAgent(doom)
        try await doom.await { tail(of: self.agentLog) }
        // The agent goes on without the variable that has done its work.
    }

    func loseController(_ doom: Doom, applying: Bool = false) async throws {
        try await lab.end("warrend", in: lab.names.controller, signal: SIGKILL)
        let command = LabPrograms.enter(lab.names.controller, doom.dooming(lab.programs.controllerCommand))
        let pid = try ChildProcess.start(command, log: lab.programs.controllerLog)
        if applying {
            try await ControllerClient.withClient(of: lab.controllerAddress) { client in
                try await awaitCondition("warrend answers", within: .seconds(20)) { () async throws -> Bool? in
                    if doom.isFulfilled { return true }
                    return (try? await client.version()).map { _ in true }
                }
            }
            try? await apply(waits: false)
        }
        #expect(try await signal(ending: pid) == SIGKILL, "\(doom.point.rawValue)")
        try await lab.startController()
    }

    // MARK: Parts

    private var first: LabTopology.SiteWorld { lab.topology.sites[0] }
    private var programs: [String] {
        ProcessTable.entries(in: lab.topology.sites.map(\.gatewayNamespace)).map(\.program).filter { $0.hasPrefix("warren") }
            .sorted()
    }
    private var agentLog: String { lab.programs.log(of: first) }

    private func crash() async throws {
        try await lab.end("warren-agent", in: first.gatewayNamespace, signal: SIGKILL)
        try await lab.end("warren-tunneld", in: first.gatewayNamespace, signal: SIGKILL)
        let enter = ["ip", "netns", "exec", first.gatewayNamespace]
        try await ChildProcess.require(enter + ["nft", "flush", "ruleset"], failing: "cannot empty the firewall")
        _ = try await ChildProcess.run(["ip", "-n", first.gatewayNamespace, "link", "del", "gif2"])
        _ = try await ChildProcess.run(["ip", "-n", first.gatewayNamespace, "route", "flush", "type", "unreachable"])
    }

    @discardableResult
    private func startAgent(_ doom: Doom? = nil) throws -> pid_t {
        let command = lab.programs.runCommand(for: first)
        return try ChildProcess.start(
            LabPrograms.enter(first.gatewayNamespace, doom?.dooming(command) ?? command), log: agentLog)
    }

    /// Applies an inventory that adds a network, or takes it away again.
    private func apply(waits: Bool = true) async throws {
        number += 1
        let file = "\(lab.names.directory)/applied.yaml"
        try Self.text(lab.names.mesh, extra: number % 2 == 0 ? 0 : 77).write(toFile: file, atomically: true, encoding: .utf8)
        let before = try await status().generation.rawValue
        let applied = try await ChildProcess.run([
            Programs.path("warren"), "apply", "--yes", "--no-wait", file, "--socket", lab.programs.apiSocket,
        ])
        guard applied.succeeded else { throw LabError(.failed, "apply: \(applied.output)\(applied.errorOutput)") }
        if waits { try await awaitWell(atLeast: before + 1) }
    }

    private func status() async throws -> MeshStatus {
        try await ControllerClient.withClient(of: lab.controllerAddress) { try await $0.status() }
    }

    private func awaitWell(atLeast generation: UInt64) async throws {
        try await ControllerClient.withClient(of: lab.controllerAddress) { client in
            try await awaitCondition("the mesh is whole", within: .seconds(180)) { () async throws -> Bool? in
                // Not what was last heard of the dead: what runs now, each program once and no more.
                guard self.programs == ["warren-agent", "warren-agent", "warren-tunneld", "warren-tunneld"],
                    try await ChildProcess.run(["ip", "-n", self.first.gatewayNamespace, "link", "show", "gif2"]).succeeded,
                    let status = try? await client.status()
                else { return nil }
                return status.isWell && status.generation.rawValue >= generation ? true : nil
            }
        }
    }
}

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
    /// What a mesh is like.
    enum Kind: Sendable {
        case steady
        /// Certificates hold for some seconds.
        case shortLived
        /// The second site's agent tells its address.
        case roaming
    }

    let lab: Lab
    private let kind: Kind
    /// The greatest generation that the controller promised to keep.
    private var acknowledged: UInt64 = 1
    private var number = 0

    private init(_ lab: Lab, _ kind: Kind) {
        self.lab = lab
        self.kind = kind
    }

    /// Lends a mesh that is whole, and takes it down again.
    static func with(_ kind: Kind, named mesh: String, _ body: (Ward) async throws -> Void) async throws {
        let file = InventoryFile(name: "\(mesh).yaml", text: text(mesh, kind, extra: 0))
        let inventory = try #require(Inventory.load([file]).inventory)
        let lab = try Lab(inventory, files: [file], programDirectory: Programs.directory, say: { _ in })
        try await Lab.takeDown(lab.names)
        let ward = Ward(lab, kind)
        do {
            try await ward.raise()
            try await body(ward)
        } catch {
            try await Lab.takeDown(lab.names)
            throw error
        }
        try await Lab.takeDown(lab.names)
    }

    private func raise() async throws {
        try lab.programs.requirePrograms()
        try lab.claim()
        try await lab.raiseNamespaces()
        try await startController()
        try await lab.declareSites()
        try await lab.enrolGateways()
        try await lab.startAgents()
        try await awaitWell()
    }

    private static func text(_ mesh: String, _ kind: Kind, extra: Int) -> String {
        """
        version: 1
        mesh: \(mesh)
        sites:
          first:
            gateway: {public: 203.0.113.10, private: 192.168.1.1}
            networks: [192.168.1.0/24]
            translate: {192.168.1.0/24: 10.201.1.0/24}
          second:
            gateway: {public: \(kind == .roaming ? "dynamic" : "198.51.100.20"), private: 192.168.2.1}
            networks: [192.168.2.0/24\(extra == 0 ? "" : ", 10.\(extra).0.0/16")]

        """
    }

    /// Lets something die at `point`, and looks whether the mesh is whole after it, and whether it kept its promises.
    func survives(_ point: Failpoint, _ death: Death) async throws {
        let doom = try Doom(point)
        defer { doom.forget() }
        do {
            try await death.happen(to: self, doom)
            #expect(doom.isFulfilled, "\(point.rawValue) was not passed")
            try await awaitWell()
        } catch {
            Issue.record(
                """
                \(point.rawValue): \(error)
                the agent: \(tail(of: agentLog))
                the daemon: \(tail(of: lab.programs.tunnelLog(of: first)))
                the controller: \(tail(of: lab.programs.controllerLog))
                \((try? await status()).map { "\($0)" } ?? "")
                """)
            throw error
        }
        let scan = try SecretScan(controllerState: lab.programs.controllerState, agentStates: agentStates)
        #expect(!scan.isEmpty)
        let findings = try scan.findings(below: lab.names.directory)
        #expect(findings == [], "\(point.rawValue)")
    }

    // MARK: Parts

    var first: LabTopology.SiteWorld { lab.topology.sites[0] }
    var second: LabTopology.SiteWorld { lab.topology.sites[1] }
    var agentLog: String { lab.programs.log(of: first) }
    private var agentStates: [String] { lab.topology.sites.map { lab.programs.stateDirectory(of: $0) } }

    var controllerCommand: [String] {
        lab.programs.controllerCommand + (kind == .shortLived ? ["--certificate-lifetime", "45s"] : [])
    }

    /// Everything that runs in the mesh's namespaces: what a dead program left behind would be among it.
    private var programs: [String] {
        ProcessTable.entries(in: [lab.names.controller] + lab.topology.sites.map(\.gatewayNamespace)).map(\.program).sorted()
    }

    @discardableResult
    func startAgent(_ doom: Doom? = nil) throws -> pid_t {
        let command = lab.programs.runCommand(for: first)
        return try ChildProcess.start(
            LabPrograms.enter(first.gatewayNamespace, doom?.dooming(command) ?? command), log: agentLog)
    }

    /// Starts the controller, and returns once it answers or, doomed, has died.
    @discardableResult
    func startController(_ doom: Doom? = nil) async throws -> pid_t {
        let command = doom?.dooming(controllerCommand) ?? controllerCommand
        let pid = try ChildProcess.start(
            LabPrograms.enter(lab.names.controller, command), log: lab.programs.controllerLog)
        try await ControllerClient.withClient(of: lab.controllerAddress) { client in
            try await awaitCondition("warrend answers", within: .seconds(30)) { () async throws -> Bool? in
                if let doom, doom.isFulfilled { return true }
                return (try? await client.version()).map { _ in true }
            }
        }
        return pid
    }

    /// Returns once both agents have a session, or who is doomed has died.
    func awaitSessions(or doom: Doom?) async throws {
        try await ControllerClient.withClient(of: lab.controllerAddress) { client in
            try await awaitCondition("both agents connect", within: .seconds(30)) { () async throws -> Bool? in
                if doom?.isFulfilled == true { return true }
                return (try? await client.status())?.sites.allSatisfy(\.connected) == true ? true : nil
            }
        }
    }

    /// Applies an inventory in which the second site has another network than before.
    @discardableResult
    func apply(settling seconds: Int = 1, confirmingWithin confirmSeconds: Int = 20) async throws -> Bool {
        number += 1
        let file = "\(lab.names.directory)/applied.yaml"
        try Self.text(lab.names.mesh, kind, extra: 50 + number % 140).write(toFile: file, atomically: true, encoding: .utf8)
        chmod(file, 0o600)
        return try await warren(
            ["apply", file, "--yes", "--no-wait"] + Self.hasty(seconds) + ["--confirm-timeout", "\(confirmSeconds)s"])
    }

    static func hasty(_ settleSeconds: Int = 1) -> [String] {
        ["--settle", "\(settleSeconds)s", "--canary", "none", "--batches", "100"]
    }

    /// Runs an operator's command that makes a generation; false when it failed.
    func warren(_ arguments: [String], makesGeneration: Bool = true) async throws -> Bool {
        let before = try? await status().generation.rawValue
        let done = try await ChildProcess.run([Programs.path("warren")] + arguments + ["--socket", lab.programs.apiSocket])
        if done.succeeded, makesGeneration, let before { acknowledged = max(acknowledged, before + 1) }
        return done.succeeded
    }

    func status() async throws -> MeshStatus {
        try await ControllerClient.withClient(of: lab.controllerAddress) { try await $0.status() }
    }

    /// Returns once the mesh is whole in a generation that is not older than any that was promised.
    ///
    /// - Parameter isDrained: whether the second site is; nil: either.
    func awaitWell(isDrained: Bool? = false) async throws {
        let expected = ["warren-agent", "warren-agent", "warren-tunneld", "warren-tunneld", "warrend"]
        let deadline = ContinuousClock.now + .seconds(90)
        try await ControllerClient.withClient(of: lab.controllerAddress) { client in
            while true {
                let status = try? await client.status()
                if let status, status.isWell, isDrained == nil || status.hasNoLink == isDrained,
                    status.generation.rawValue >= acknowledged,
                    // Not what was last heard of the dead: what runs now, each program once and no more.
                    programs == expected, try await hasTunnel() != status.hasNoLink
                {
                    return
                }
                guard ContinuousClock.now < deadline else {
                    throw LabError(
                        .late, "the mesh is not whole within 90 s",
                        details: "\(programs.joined(separator: " ")), generation \(acknowledged) was promised")
                }
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    /// The first gateway's, to the second.
    private func hasTunnel() async throws -> Bool {
        try await ChildProcess.run(["ip", "-n", first.gatewayNamespace, "link", "show", "gif2"]).succeeded
    }
}

extension MeshStatus {
    /// No link is wanted, since one of the two sites is drained.
    var hasNoLink: Bool { links.allSatisfy { $0.state == .drained } }
}

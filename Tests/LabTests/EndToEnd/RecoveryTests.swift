import Foundation
import Glibc
import Testing
import WarrenClient
import WarrenInventory
import WarrenModel
import WarrenStatus

@testable import AgentRuntime
@testable import WarrenLab

/// What breaks in a lab comes back by itself, whole, and tells no secret. As root, with the built programs.
@Suite(.serialized) struct RecoveryTests {
    /// Raises the handbook's pair under a name of its own, with every link up, and takes it down again.
    private func withLab(_ mesh: String, _ body: (Lab) async throws -> Void) async throws {
        let file = InventoryFile(
            name: "\(mesh).yaml", text: BuiltPrograms.renamed(try BuiltPrograms.sampleText("handbook.yaml"), mesh: mesh)
        )
        let inventory = try #require(Inventory.load([file]).inventory)
        let lab = try Lab(inventory, files: [file], programDirectory: BuiltPrograms.directory, say: { _ in })
        try await Lab.takeDown(lab.names)
        try await lab.raise()
        do {
            try await awaitWell(lab, within: .seconds(30))
            try await body(lab)
        } catch {
            try await Lab.takeDown(lab.names)
            throw error
        }
        try await Lab.takeDown(lab.names)
    }

    private func status(_ lab: Lab) async throws -> MeshStatus {
        try await ControllerClient.withClient(of: lab.controllerAddress) { try await $0.status() }
    }

    private func awaitWell(_ lab: Lab, within limit: Duration) async throws {
        try await awaitCondition("every link is up", within: limit) { try await status(lab).isWell ? true : nil }
    }

    private func associations(_ lab: Lab) async throws -> Set<SPI> {
        try await ControllerClient.withClient(of: lab.controllerAddress) { client in
            var all: Set<SPI> = []
            for site in lab.topology.sites {
                all.formUnion(try await client.report(of: site.name).securityAssociations.map(\.spi))
            }
            return all
        }
    }

    @Test func aKilledDaemonIsRestartedAndItsLinksReturn() async throws {
        try await withLab("lab-test-kill") { lab in
            for site in lab.topology.sites {
                let before = try await associations(lab)
                try await lab.end("warren-tunneld", in: site.gatewayNamespace, signal: SIGKILL)
                let start = ContinuousClock.now
                // Not the old state seen once more: all SAs are new, and both ends and a probe prove the link again.
                try await awaitCondition("links return after \(site.name)'s daemon died", within: .seconds(10)) {
                    let isWell = try await status(lab).isWell
                    let isNew = try await associations(lab).isDisjoint(with: before)
                    return isWell && isNew ? true : nil
                }
                #expect(ContinuousClock.now - start < .seconds(10))
            }
            let verification = try await lab.verify()
            #expect(verification.holds)
        }
    }

    @Test func noSecretIsInALogAnArgumentOrTheDatabase() async throws {
        try await withLab("lab-test-secret") { lab in
            try await Recordings(lab).recordAndGather()
            var secrets: [[UInt8]] = []
            for site in lab.topology.sites {
                let folder = lab.programs.stateDirectory(of: site), path = "\(folder)/desired.bin"
                guard case .state(let state) = try LastGoodState(directory: .init(path: folder)).load() else {
                    Issue.record("\(path) is not a last good state")
                    continue
                }
                let keys = state.keys.values.map { $0.secret.withBytes { Array($0) } }
                #expect(keys.count == lab.topology.sites.count - 1)
                secrets += keys
                let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
                #expect(mode == 0o600)
            }
            secrets.append(Array(try Data(contentsOf: URL(filePath: "\(lab.names.directory)/controller/mesh-secret"))))
            let needles = secrets.flatMap { secret in
                [
                    Data(secret), Data(secret.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined().utf8),
                    Data(Data(secret).base64EncodedString().utf8), Data(secret.map(String.init).joined(separator: ",").utf8),
                ]
            }

            var places: [(String, Data)] = []
            let folder = URL(filePath: lab.names.directory)
            let files = try #require(
                FileManager.default.enumerator(at: folder, includingPropertiesForKeys: [.isRegularFileKey]))
            for case let url as URL in files.allObjects
            where try url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true {
                guard !["desired.bin", "previous.bin", "trial.bin", "mesh-secret"].contains(url.lastPathComponent) else {
                    continue
                }
                places.append((url.lastPathComponent, try Data(contentsOf: url)))
            }
            let namespaces = [lab.names.controller] + lab.topology.sites.map(\.gatewayNamespace)
            for process in ProcessTable.entries(in: namespaces) {
                let arguments = try #require(FileManager.default.contents(atPath: "/proc/\(process.pid)/cmdline"))
                #expect(!arguments.isEmpty)
                places.append(("the arguments of \(process.program)", arguments))
            }
            #expect(places.contains { $0.0.hasSuffix(".log") && !$0.1.isEmpty })
            for (name, data) in places {
                for needle in needles { #expect(data.range(of: needle) == nil, "a secret is in \(name)") }
            }
        }
    }
}

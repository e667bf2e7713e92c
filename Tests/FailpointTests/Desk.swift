import Foundation
import Glibc
import Testing
import WarrenClient
import WarrenFailpoints
import WarrenInventory
import WarrenModel

@testable import WarrenLab

/// A controller on the loopback, an agent that enrols with it, and an operator: everything that needs no gateway.
final class Desk: @unchecked Sendable {
    static let sites = ["berlin", "tokyo"]
    let folder: String
    private let port: Int
    private var controller: pid_t?

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "warren-desk-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        port = 21_000 + Int.random(in: 0..<9_000)
    }

    deinit {
        if let controller { kill(controller, SIGKILL) }
        try? FileManager.default.removeItem(atPath: folder)
    }

    var state: String { "\(folder)/state" }
    var socket: String { "\(folder)/api.sock" }
    var log: String { "\(folder)/log" }
    var backup: String { "\(folder)/backup" }

    func start(_ doom: Doom? = nil) throws -> pid_t {
        let command = [
            Programs.path("warrend"), "--state", state, "--api-socket", socket, "--agent-listen", "127.0.0.1:\(port)",
            "--enrol-listen", "127.0.0.1:\(port + 1)",
        ]
        let pid = try ChildProcess.start(doom?.dooming(command) ?? command, log: log)
        controller = pid
        return pid
    }

    func awaitAnswer() async throws {
        try await ControllerClient.withClient(of: .socket(path: socket)) { client in
            try await awaitCondition("warrend answers", within: .seconds(20), details: { tail(of: log) }) {
                (try? await client.version()).map { _ in true }
            }
        }
    }

    func startAndAwait(_ doom: Doom? = nil) async throws -> pid_t {
        let pid = try start(doom)
        try await awaitAnswer()
        return pid
    }

    func stop(_ pid: pid_t) async throws {
        kill(pid, SIGKILL)
        _ = try await signal(ending: pid)
        controller = nil
    }

    func generation() async throws -> UInt64 {
        try await ControllerClient.withClient(of: .socket(path: socket)) { try await $0.status().generation.rawValue }
    }

    func token() async throws -> String {
        try await ControllerClient.withClient(of: .socket(path: socket)) { client in
            try await client.createToken(for: #require(SiteName("berlin")), lifetimeSeconds: 600).token
        }
    }

    func apply(_ number: Int) async throws -> ChildProcess.Completion {
        let text = """
            version: 1
            mesh: acme
            sites:
              berlin:
                gateway: {public: 198.18.0.1, private: 172.20.1.1}
                networks: [172.20.1.0/24]
              tokyo:
                gateway: {public: 198.18.0.2, private: 172.20.2.1}
                networks: [172.20.2.0/24, 10.\(number).0.0/16]

            """
        let file = "\(folder)/mesh.yaml"
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        chmod(file, 0o600)
        return try await ChildProcess.run([Programs.path("warren"), "apply", "--yes", "--no-wait", file, "--socket", socket])
    }

    func enrol(_ token: String, _ doom: Doom? = nil) async throws -> ChildProcess.Completion {
        let command = [
            Programs.path("warren-agent"), "enrol", "--state", "\(folder)/agent", "--token-file", "-", "--controller",
            "127.0.0.1:\(port + 1)",
        ]
        return try await ChildProcess.run(doom?.dooming(command) ?? command, input: token + "\n")
    }

    func warren(_ arguments: [String], _ doom: Doom? = nil) async throws -> ChildProcess.Completion {
        let command = [Programs.path("warren")] + arguments
        return try await ChildProcess.run(doom?.dooming(command) ?? command)
    }
}

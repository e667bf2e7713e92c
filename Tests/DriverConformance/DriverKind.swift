import AgentCore
import DataPlane
import EmbeddedDataPlane
import Foundation
import Logging
import Testing
import TunnelControl

/// The drivers that the suite runs against.
enum DriverKind: String, CaseIterable, Sendable {
    case fake
    /// In a network namespace of its own, with a real daemon.
    case embedded

    func withGateway(_ body: (any DataPlaneDriver) async throws -> Void) async throws {
        try await withUnpreparedGateway { driver in
            try await driver.prepare()
            try await body(driver)
        }
    }

    func withUnpreparedGateway(_ body: (any DataPlaneDriver) async throws -> Void) async throws {
        switch self {
        case .fake: try await body(FakeDataPlaneDriver())
        case .embedded: try await EmbeddedGatewayFixture.with { try await body($0.driver()) }
        }
    }
}

/// One gateway for tests: a network namespace, and a folder for its daemon's socket and log.
struct EmbeddedGatewayFixture: Sendable {
    let namespace: String
    let folder: URL
    /// The daemon's packet threads.
    var queues = 1

    var controlPath: String { folder.appending(path: "control.sock").path }

    /// The programs lie beside the test bundle.
    static var daemonPath: String {
        let bundle = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        return bundle.deletingLastPathComponent().appending(path: "warren-tunneld").path
    }

    func driver() -> EmbeddedDataPlaneDriver {
        EmbeddedDataPlaneDriver(
            configuration: EmbeddedDataPlaneConfiguration(
                daemonPath: Self.daemonPath, controlPath: controlPath, daemonLogLevel: "debug", daemonQueues: queues,
                daemonLogPath: folder.appending(path: "tunneld.log").path, networkNamespace: namespace),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// The daemon that now holds the control socket.
    func daemonProcess() throws -> Int32 { try TunnelControlClient(path: controlPath).processID }

    /// Makes a namespace, and afterwards ends its daemon and removes it, whatever happened.
    static func with<Value>(
        queues: Int = 1, _ body: (EmbeddedGatewayFixture) async throws -> Value
    ) async throws -> Value {
        try #require(geteuid() == 0, "these tests make network namespaces: run them as root")
        try #require(
            FileManager.default.isExecutableFile(atPath: daemonPath), "build the whole package first: \(daemonPath) is missing")
        let name = "warren-test-\(UInt32.random(in: 0 ... .max))"
        let folder = FileManager.default.temporaryDirectory.appending(path: name)
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let fixture = EmbeddedGatewayFixture(namespace: name, folder: folder, queues: queues)
        try run("ip", "netns", "add", name)
        defer { fixture.tearDown() }
        try run("ip", "-n", name, "link", "set", "lo", "up")
        do { return try await body(fixture) } catch {
            let log = try? String(contentsOf: folder.appending(path: "tunneld.log"), encoding: .utf8)
            Issue.record("the daemon's log:\n\(log ?? "none")")
            throw error
        }
    }

    private func tearDown() {
        if let process = try? daemonProcess() { kill(process, SIGKILL) }
        _ = try? run("ip", "netns", "del", namespace)
        try? FileManager.default.removeItem(at: folder)
    }

    /// Runs a program inside the namespace.
    @discardableResult
    func inside(_ arguments: String...) throws -> String { try run(["ip", "netns", "exec", namespace] + arguments) }
}

struct ProgramFailure: Error, CustomStringConvertible {
    let description: String
}

/// Runs a program to its end and returns what it printed; throws unless it succeeded.
@discardableResult
func run(_ arguments: String...) throws -> String { try run(arguments) }

@discardableResult
func run(_ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
        throw ProgramFailure(description: "\(arguments.joined(separator: " ")): \(text)")
    }
    return text
}

import AgentCore
import AgentRuntime
import Foundation
import Logging
import WarrenController
import WarrenInventory
import WarrenModel
import WarrenWire

/// A directory that is gone when its owner is.
final class TemporaryDirectory: Sendable {
    let path: String
    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "warren-test-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    func path(_ name: String) -> String { "\(path)/\(name)" }
}

/// A controller of a mesh of two sites, whose listeners can be stopped and started on the same ports.
actor Mesh {
    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    static let berlin = SiteName("berlin")!
    static let tokyo = SiteName("tokyo")!

    nonisolated let controller: Controller
    nonisolated let folder: TemporaryDirectory
    private var ports: (link: UInt16, enrolment: UInt16) = (0, 0)
    private var serving: Task<Void, any Error>?

    init() async throws {
        folder = try TemporaryDirectory()
        controller = try await Controller(directory: folder.path("controller"), log: Self.quiet)
        _ = try await controller.accept(Self.files(network: "192.168.2.0/24"), expecting: .none)
    }

    static func files(network: String) -> [InventoryFile] {
        let text = """
            version: 1
            mesh: acme
            topology: full-mesh
            sites:
              berlin:
                gateway: {public: 203.0.113.10, private: 192.168.1.1, platform: embedded}
                networks: [192.168.1.0/24]
              tokyo:
                gateway: {public: 198.51.100.20, private: 192.168.2.1, platform: embedded}
                networks: [\(network)]
            """
        return [InventoryFile(name: "mesh.yaml", text: text)]
    }

    /// Serves until `stop`; the ports stay the same from one start to the next.
    func start() async throws {
        let loopback = IPAddress("127.0.0.1")!
        let listeners = try AgentListeners(
            controller: controller, link: .init(address: loopback, port: ports.link),
            enrolment: .init(address: loopback, port: ports.enrolment))
        let running = Task { try await listeners.run() }
        serving = running
        do {
            ports = try await listeners.ports
        } catch {
            // Why it does not listen is what its run throws.
            try await running.value
            throw error
        }
    }

    func stop() async {
        serving?.cancel()
        _ = await serving?.result
        serving = nil
    }

    var agentAddress: ControllerAddress { ControllerAddress(host: "127.0.0.1", port: ports.link) }
    var enrolmentAddress: ControllerAddress { ControllerAddress(host: "127.0.0.1", port: ports.enrolment) }

    nonisolated func stateDirectory(_ name: String = "agent") throws -> AgentRuntime.StateDirectory {
        try AgentRuntime.StateDirectory(path: folder.path(name))
    }

    func enrolment(_ token: EnrolmentToken, force: Bool = false) throws -> Enrolment {
        try Enrolment(token: token, controller: enrolmentAddress, directory: stateDirectory(), isForced: force)
    }

    /// The first report of `site` at the controller for which `condition` holds; nil after ten seconds.
    nonisolated func report(
        of site: SiteName, where condition: @Sendable (AgentReport) -> Bool
    ) async throws -> AgentReport? {
        for _ in 0..<500 {
            if let report = try await controller.report(of: site), condition(report) { return report }
            try await Task.sleep(for: .milliseconds(20))
        }
        return nil
    }
}

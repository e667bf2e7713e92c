import Foundation
import WarrenModel

/// What is there of a lab on this machine.
public struct LabStatus: Sendable, Codable, Equatable {
    public struct Process: Sendable, Codable, Equatable {
        public let pid: Int32
        public let program: String
    }
    public struct Namespace: Sendable, Codable, Equatable {
        public let name: String
        public let processes: [Process]
        /// Programs that should run there and do not.
        public let missing: [String]
    }

    public let mesh: String
    public let namespaces: [Namespace]

    /// As `init`, for root: nobody else is told which processes are in which namespace.
    public static func read(_ names: LabNames) throws -> LabStatus {
        try NamespaceShell.requireRoot()
        return LabStatus(names)
    }

    /// Read from the machine by the lab's names alone; no namespaces when no lab is up.
    public init(_ names: LabNames) {
        mesh = names.mesh
        let found = ProcessTable.namespaces(startingWith: names.prefix)
        let entries = ProcessTable.entries(in: found)
        namespaces = found.map { namespace in
            let processes = entries.filter { $0.namespace == namespace }.map { Process(pid: $0.pid, program: $0.program) }
            let expected =
                namespace == names.controller
                ? ["warrend"] : namespace.hasSuffix(".gw") ? ["warren-agent", "warren-tunneld"] : []
            return Namespace(
                name: namespace, processes: processes,
                missing: expected.filter { program in !processes.contains { $0.program == program } })
        }
    }

    public var isUp: Bool { !namespaces.isEmpty }
    public var isWhole: Bool { isUp && namespaces.allSatisfy(\.missing.isEmpty) }

    /// One line per namespace.
    public var text: String {
        guard isUp else { return "no lab of mesh '\(mesh)' is up\n" }
        let width = namespaces.map(\.name.count).max() ?? 0
        return namespaces.map { namespace in
            let running =
                namespace.processes.map { "\($0.program) (\($0.pid))" } + namespace.missing.map { "\($0): not running" }
            let padding = String(repeating: " ", count: width - namespace.name.count)
            return namespace.name + (running.isEmpty ? "" : padding + "  " + running.joined(separator: ", ")) + "\n"
        }.joined()
    }
}

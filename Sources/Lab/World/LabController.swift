import Glibc
import WarrenClient
import WarrenModel

/// The lab's controller: started, stopped, and asked to declare the inventory.
extension Lab {
    static let startPatience = Duration.seconds(20)

    /// Starts `warrend` and returns once its API answers.
    func startController() async throws {
        let pid = try ChildProcess.start(
            LabPrograms.enter(names.controller, programs.controllerCommand), log: programs.controllerLog)
        try await ControllerClient.withClient(of: controllerAddress) { client in
            try await awaitCondition(
                "warrend answers", within: Self.startPatience, details: { tail(of: programs.controllerLog) }
            ) {
                guard ChildProcess.isRunning(pid) else {
                    throw LabError(
                        .failed, "warrend ended as soon as it was started", details: tail(of: programs.controllerLog))
                }
                return (try? await client.version()).map { _ in true }
            }
        }
        say(
            "warrend serves agents at \(topology.controller.map(\.description).joined(separator: " and ")), and operators at \(programs.apiSocket)"
        )
    }

    /// Ends `warrend` and returns once it is gone; its agents are left alone.
    func stopController() async throws {
        try await end("warrend", in: names.controller, signal: SIGTERM)
    }

    /// Ends the programs called `program` in a namespace, and returns once they are gone.
    func end(_ program: String, in namespace: String, signal: Int32) async throws {
        let targets = ProcessTable.entries(in: [namespace]).filter { $0.program == program }
        guard !targets.isEmpty else { throw LabError(.wrongState, "\(program) does not run in \(namespace)") }
        for target in targets { kill(target.pid, signal) }
        try await awaitCondition("\(program) ends", within: .seconds(15)) {
            targets.contains { ChildProcess.isRunning($0.pid) } ? nil : true
        }
    }

    /// Makes the lab's files the next generation. Gateways that are not enrolled yet get it when they are.
    @discardableResult
    public func declareSites() async throws -> Generation {
        let files = files
        let generation = try await ControllerClient.withClient(of: controllerAddress) { client in
            let preview = try await client.preview(files)
            if preview.changes.isEmpty, preview.current > .none { return preview.current }
            return try await client.apply(files, expected: preview.current)
        }
        say("generation \(generation) declares \(members.count) sites and \(links.count) links")
        return generation
    }
}

/// The last lines of a log.
func tail(of path: String, lines: Int = 15) -> String {
    text(of: path).split(separator: "\n").suffix(lines).joined(separator: "\n")
}

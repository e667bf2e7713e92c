import Foundation
import Glibc

/// Carries out what `LabCommands` says, and undoes it.
enum NamespaceShell {
    static func requireRoot() throws {
        guard geteuid() == 0 else {
            throw LabError(.notRoot, "a lab makes network namespaces, which only root may: run it with sudo")
        }
    }

    /// Fails unless this process may make namespaces and has what it takes.
    static func requireMeans() throws {
        try requireRoot()
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        for (program, package) in [
            ("ip", "iproute2"), ("sysctl", "procps"), ("ping", "iputils-ping"), ("tcpdump", "tcpdump"), ("nft", "nftables"),
        ] where !folders.contains(where: { access("\($0)/\(program)", X_OK) == 0 }) {
            throw LabError(.missingProgram, "a lab needs '\(program)': on Debian, apt-get install \(package)")
        }
    }

    static func raise(_ commands: LabCommands) async throws {
        try await batch(commands.namespaces, in: nil)
        _ = try await mapConcurrently(commands.prepare) { try await apply($0) }
        try await batch(commands.wires, in: nil)
        _ = try await mapConcurrently(commands.configure) { try await apply($0) }
    }

    private static func apply(_ setup: LabCommands.Setup) async throws {
        if !setup.settings.isEmpty {
            try await ChildProcess.require(
                ["ip", "netns", "exec", setup.namespace, "sysctl", "-q", "-w"] + setup.settings,
                failing: "cannot set up \(setup.namespace)")
        }
        try await batch(setup.batch, in: setup.namespace)
        guard !setup.rules.isEmpty else { return }
        try await ChildProcess.require(
            LabPrograms.enter(setup.namespace, ["nft", "-f", "-"]), input: setup.rules,
            failing: "cannot set up \(setup.namespace)")
    }

    private static func batch(_ lines: [String], in namespace: String?) async throws {
        guard !lines.isEmpty else { return }
        try await ChildProcess.require(
            ["ip"] + (namespace.map { ["-n", $0] } ?? []) + ["-batch", "-"], input: lines.joined(separator: "\n") + "\n",
            failing: "cannot lay out \(namespace ?? "the lab")")
    }

    /// Ends every process in the namespaces that start with `prefix`, then deletes them. What is not there is fine.
    static func remove(startingWith prefix: String) async throws {
        let namespaces = ProcessTable.namespaces(startingWith: prefix)
        for (signal, patience) in [(SIGTERM, Duration.seconds(2)), (SIGKILL, .seconds(5))] {
            let entries = ProcessTable.entries(in: namespaces)
            for entry in entries { kill(entry.pid, signal) }
            let gone: Bool? = try? await awaitCondition("processes end", within: patience) {
                for entry in entries { _ = ChildProcess.isRunning(entry.pid) }
                return ProcessTable.entries(in: namespaces).isEmpty ? true : nil
            }
            if gone == true { break }
        }
        let left = ProcessTable.entries(in: namespaces)
        guard left.isEmpty else {
            throw LabError(.failed, "processes do not end: \(left.map { "\($0.program) (\($0.pid))" }.joined(separator: ", "))")
        }
        try await batch(namespaces.map { "netns delete \($0)" }, in: nil)
    }
}

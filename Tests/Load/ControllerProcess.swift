import Foundation
import WarrenClient

/// The controller under load: a process of its own, whose use of the machine is read from /proc.
actor ControllerProcess {
    nonisolated let socket: String
    nonisolated let agentPort: UInt16
    nonisolated let enrolmentPort: UInt16
    private let program: String
    private let folder: URL
    private var process: Process?

    init(program: String, folder: URL) {
        self.program = program
        self.folder = folder
        socket = folder.appending(path: "api.sock").path
        agentPort = UInt16.random(in: 20000..<25000)
        enrolmentPort = agentPort + 5000
    }

    /// Returns when the controller answers.
    func start() async throws {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = [
            "--state", folder.appending(path: "state").path, "--api-socket", socket,
            "--agent-listen", "127.0.0.1:\(agentPort)", "--enrol-listen", "127.0.0.1:\(enrolmentPort)",
            "--name", "127.0.0.1", "--log-level", "warning",
        ]
        try process.run()
        self.process = process
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline, process.isRunning {
            if (try? await ControllerClient.withClient(of: .socket(path: socket)) { try await $0.currentGeneration() }) != nil {
                return
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw LoadError("\(program) does not answer")
    }

    /// By SIGTERM, and at the end of the patience by SIGKILL.
    func stop() async {
        guard let process else { return }
        process.terminate()
        let deadline = ContinuousClock.now + .seconds(15)
        while process.isRunning, ContinuousClock.now < deadline { try? await Task.sleep(for: .milliseconds(20)) }
        kill()
    }

    /// As a power cut would.
    func kill() {
        guard let process, process.isRunning else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Processor seconds used so far.
    var processorSeconds: Double {
        guard let process, let text = try? String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return 0 }
        // proc(5): after the name come the fields from the third on; utime and stime are the 14th and 15th, in ticks.
        let fields = text[end...].split(separator: " ").dropFirst()
        let ticks = fields.dropFirst(11).prefix(2).compactMap { Double($0) }.reduce(0, +)
        return ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// The peak of the resident memory, in MiB.
    var peakMemory: Int { memory("VmHWM:") }
    var presentMemory: Int { memory("VmRSS:") }

    private func memory(_ name: String) -> Int {
        guard let process, let text = try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
        else { return 0 }
        let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
        return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) / 1024
    }
}

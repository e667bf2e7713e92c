import AgentCore
import Foundation
import Synchronization
import Testing
import WarrenModel
import WarrenPlan
import WarrenWire

@testable import AgentRuntime

/// The real agent, in a process of its own, killed with SIGKILL at every step of a trial. Its files are real; its gateway is
/// a file that outlives it as a kernel would.
struct KillTests {
    private let folder: TemporaryDirectory
    private let directory: StateDirectory
    private let good = Desired.toTokyo(generation: 6)
    private let trial = Desired.toTokyo(generation: 7, revision: 1, interface: "gif9")

    init() throws {
        folder = try TemporaryDirectory()
        directory = try StateDirectory(path: folder.path("state"))
        for (name, desired) in [("good", good), ("trial", trial)] {
            try Data(try desired.serialized()).write(to: URL(filePath: folder.path(name)))
        }
    }

    /// What differs between the gateway and a desired state.
    private func drift(from desired: DesiredState) throws -> [String] {
        struct Gateway: Codable {
            var tunnels: [TunnelReport]
            var routes: Set<Route>
            var unreachable: Set<IPPrefix>
            var policies: Set<SecurityPolicy>
            var peers: Set<IKEPeer>
            var firewall: [FirewallRule]
        }
        let gateway = try JSONDecoder().decode(Gateway.self, from: Data(contentsOf: URL(filePath: folder.path("gateway"))))
        return AgentCore.drift(
            desired: desired,
            observed: ObservedState(
                tunnels: gateway.tunnels, routes: gateway.routes, unreachable: gateway.unreachable, policies: gateway.policies,
                peers: gateway.peers, firewall: gateway.firewall))
    }

    private func start(standingStillAfter steps: Int? = nil) throws -> TrialAgentProcess {
        try TrialAgentProcess(
            [directory.path, folder.path("gateway"), "berlin"] + (steps.map { ["\($0)"] } ?? []))
    }

    /// A gateway that runs generation 6.
    private func prepare() async throws {
        let agent = try start()
        agent.write("receive \(folder.path("good")) 0")
        #expect(await agent.waits(for: "report 6.0 false -"))
        agent.kill()
        #expect(try drift(from: good) == [])
    }

    /// The number of operations from generation 6 to 7.1.
    private static let steps = 0..<11

    @Test(.timeLimit(.minutes(2)), arguments: steps, [true, false])
    func killedWhileItApplies(step: Int, isRebooted: Bool) async throws {
        try await prepare()
        let killed = try start(standingStillAfter: step)
        #expect(await killed.waits(for: "report 6.0 false -"))
        killed.write("receive \(folder.path("trial")) 4")
        let isHalfway = await killed.waits(for: "standing still", or: "report 7.1 true -")
        #expect(isHalfway)
        killed.kill()
        #expect(try LastGoodState(directory: directory).load() == .state(good))
        if isRebooted { try reboot() }

        let agent = try start()
        if !isRebooted {
            #expect(await agent.waits(for: "report 7.1 true -"))
            #expect(try drift(from: trial) == [])
        }
        #expect(await agent.waits(for: "report 6.0 false 7.1"))
        #expect(try drift(from: good) == [])
        agent.write("receive \(folder.path("trial")) 60")
        agent.kill()
        let memory = AgentFiles(directory: directory).load().memory
        #expect(memory.good == good && memory.trial == .none && memory.rejection?.version == trial.version)
    }

    @Test(.timeLimit(.minutes(1)), arguments: [true, false])
    func killedWhileItWaitsAndConfirmedAfter(isOver: Bool) async throws {
        try await prepare()
        let killed = try start()
        killed.write("receive \(folder.path("trial")) \(isOver ? 0.5 : 30)")
        #expect(await killed.waits(for: "report 7.1 true -"))
        killed.kill()
        if isOver { try await Task.sleep(for: .milliseconds(600)) }
        let agent = try start()
        #expect(await agent.waits(for: isOver ? "report 6.0 false 7.1" : "report 7.1 true -"))
        agent.write("confirm \(folder.path("trial"))")
        if !isOver { #expect(await agent.waits(for: "report 7.1 false -")) }
        agent.kill()
        #expect(try drift(from: isOver ? good : trial) == [])
        #expect(try LastGoodState(directory: directory).load() == .state(isOver ? good : trial))
    }

    /// Killed when the new last good state is stored and the trial not yet forgotten, and after both.
    @Test(.timeLimit(.minutes(1)), arguments: [true, false])
    func killedAfterTheConfirmation(isTrialStillThere: Bool) async throws {
        try await prepare()
        let killed = try start()
        killed.write("receive \(folder.path("trial")) 30")
        #expect(await killed.waits(for: "report 7.1 true -"))
        let file = try #require(try directory.read(TrialFile.name))
        killed.write("confirm \(folder.path("trial"))")
        #expect(await killed.waits(for: "report 7.1 false -"))
        killed.kill()
        if isTrialStillThere { try directory.write(TrialFile.name, file) }
        let agent = try start()
        #expect(await agent.waits(for: "report 7.1 false -"))
        agent.kill()
        #expect(AgentFiles(directory: directory).load().memory == AgentMemory(good: trial, previous: good))
        #expect(try drift(from: trial) == [])
    }

    /// Killed at whatever moment, often: the gateway ends in one of the two states whole, and its files agree with it.
    @Test(.timeLimit(.minutes(2))) func killedAtAnyMoment() async throws {
        try await prepare()
        for round in 0..<12 {
            let next = Desired.toTokyo(
                generation: 8, revision: UInt64(round), interface: round.isMultiple(of: 2) ? "gif3" : "gif4")
            try Data(try next.serialized()).write(to: URL(filePath: folder.path("next")))
            let before = AgentFiles(directory: directory).load().memory.good
            let killed = try start()
            #expect(await killed.waits(for: "report \(before?.version ?? .none) false", isPrefix: true))
            killed.write("receive \(folder.path("next")) 30\nconfirm \(folder.path("next"))")
            // The moment of the kill is what is varied here, not an event that could be awaited.
            try await Task.sleep(for: .milliseconds(round * 2))
            killed.kill()
            let agent = try start()
            let isOnTrial = if case .running = AgentFiles(directory: directory).load().memory.trial { true } else { false }
            if isOnTrial {
                #expect(await agent.waits(for: "report \(next.version) true -"))
                agent.write("confirm \(folder.path("next"))")
                #expect(await agent.waits(for: "report \(next.version) false -"))
            } else {
                let after = AgentFiles(directory: directory).load().memory.good
                #expect(after == before || after == next)
                #expect(await agent.waits(for: "report \(after?.version ?? .none) false", isPrefix: true))
            }
            agent.kill()
            let end = try #require(AgentFiles(directory: directory).load().memory.good)
            #expect(try drift(from: end) == [])
        }
    }

    /// As far as files tell, the machine was started anew; what the gateway ran is gone with it.
    private func reboot() throws {
        if case .running(let trial) = try TrialFile(directory: directory).load(boot: .current, now: .now) {
            try TrialFile(directory: directory).store(trial, boot: .init(bytes: Array("an earlier boot".utf8)))
        }
        try FileManager.default.removeItem(atPath: folder.path("gateway"))
    }
}

/// A `trial-agent` that is fed and read by lines, and killed without a warning.
private final class TrialAgentProcess: Sendable {
    private struct Heard {
        var lines: [String] = []
        var rest: [UInt8] = []
        var isOver = false
    }
    private let process: Process
    private let input = Pipe()
    private let heard = Mutex(Heard())

    init(_ arguments: [String]) throws {
        let bundle = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        let process = Process(), output = Pipe()
        process.executableURL = bundle.deletingLastPathComponent().appending(path: "trial-agent")
        process.arguments = arguments
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        self.process = process
        output.fileHandleForReading.readabilityHandler = { [self] handle in
            let data = handle.availableData
            if data.isEmpty { handle.readabilityHandler = nil }
            heard.withLock { heard in
                heard.isOver = data.isEmpty
                heard.rest += data
                while let end = heard.rest.firstIndex(of: 10) {
                    heard.lines.append(String(decoding: heard.rest[..<end], as: UTF8.self))
                    heard.rest.removeFirst(end + 1)
                }
            }
        }
        try process.run()
    }

    func write(_ line: String) { input.fileHandleForWriting.write(Data("\(line)\n".utf8)) }

    /// Until it has said one of the lines; false when it ends first, or says none in fifteen seconds.
    func waits(for line: String, or other: String? = nil, isPrefix: Bool = false) async -> Bool {
        for _ in 0..<1_500 {
            let (isSaid, isOver) = heard.withLock { heard in
                (
                    heard.lines.contains { $0 == line || $0 == other || isPrefix && $0.hasPrefix(line) },
                    heard.isOver
                )
            }
            if isSaid { return true }
            if isOver { return false }
            try? await Task.sleep(for: .milliseconds(10))
        }
        return false
    }

    func kill() {
        _ = Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}

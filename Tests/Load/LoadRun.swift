import AgentRuntime
import Foundation
import WarrenAPIModel
import WarrenClient
import WarrenInventory
import WarrenModel
import WarrenStatus
import WarrenWire

/// What is measured, in order.
struct LoadRun {
    let options: LoadOptions
    let controller: ControllerProcess
    let folder: URL
    private let ledger = Ledger()

    init(options: LoadOptions, controller: ControllerProcess, folder: URL) {
        self.options = options
        self.controller = controller
        self.folder = folder
    }

    func run() async throws {
        let began = ContinuousClock.now
        _ = try await call { try await $0.apply(options.inventory(childLifetime: "1h"), expected: .none) }
        say("inventory", "\(options.sites) sites, \(options.topology.rawValue), accepted in \(text(since: began))")
        let agents = try await enrol()
        let running = Task {
            await withDiscardingTaskGroup { group in for agent in agents { group.addTask { await agent.run() } } }
        }
        defer { running.cancel() }
        try await connect()
        try ask()
        try await change()
        try await idle()
        try await restart()
        running.cancel()
    }

    private func enrol() async throws -> [LoadAgent] {
        let names = (1...options.sites).compactMap { SiteName("site-\($0)") }
        let tokens = try await call { client in
            var tokens: [EnrolmentToken] = []
            for name in names {
                let text = try await client.createToken(for: name, lifetimeSeconds: 3600).token
                if let token = EnrolmentToken(text: text) { tokens.append(token) }
            }
            return tokens
        }
        let began = ContinuousClock.now, used = await usage()
        let folder = folder.path, ledger = ledger
        let enrolment = AgentRuntime.ControllerAddress(host: "127.0.0.1", port: controller.enrolmentPort)
        let link = AgentRuntime.ControllerAddress(host: "127.0.0.1", port: controller.agentPort)
        let agents = try await withThrowingTaskGroup(of: LoadAgent.self) { group in
            var agents: [LoadAgent] = []
            for (number, token) in tokens.enumerated() {
                if number >= 32, let agent = try await group.next() { agents.append(agent) }
                group.addTask {
                    let directory = try StateDirectory(path: "\(folder)/\(token.site)")
                    let identity = try await Enrolment(token: token, controller: enrolment, directory: directory).enrol()
                    return LoadAgent(identity: identity, address: link, ledger: ledger)
                }
            }
            for try await agent in group { agents.append(agent) }
            return agents
        }
        let seconds = (ContinuousClock.now - began).seconds
        say(
            "enrolment",
            String(format: "%d in %.1f s: %.0f per second", agents.count, seconds, Double(agents.count) / seconds)
                + ", \(await processor(since: used))")
        return agents
    }

    private func connect() async throws {
        let began = ContinuousClock.now, used = await usage()
        try await untilWell(1)
        say(
            "connecting",
            "all connected, with their state and every link up, in \(text(since: began)), \(await processor(since: used)), \(await memory())"
        )
    }

    /// What the mesh looks like to an operator, once all of it is up and reports.
    private func ask() throws {
        for answer in try Questions(program: options.warren, socket: controller.socket).ask() {
            say(
                "  answer",
                String(format: "%.2f s, %.1f MB", answer.seconds, Double(answer.bytes) / 1e6) + ": warren \(answer.question)")
        }
    }

    /// A change that touches every gateway, all of them in one wave of each step.
    private func change() async throws {
        let before = ledger.receipts.count, used = await usage()
        let started = ContinuousClock.now, startDate = Date.now
        let strategy = APIMessage.Strategy(canary: .init(.none), batches: [], waveTimeoutSeconds: 600, settleSeconds: 1)
        let files = options.inventory(childLifetime: "2h")
        _ = try await call { try await $0.apply(files, expected: Generation(rawValue: 1), strategy: strategy) }
        let accepted = text(since: started)
        try await untilWell(2)
        let openings = try await waveOpenings(since: startDate)
        var firsts: [String: Ledger.Receipt] = [:]
        for receipt in ledger.receipts.dropFirst(before) where firsts["\(receipt.site) \(receipt.version)"] == nil {
            firsts["\(receipt.site) \(receipt.version)"] = receipt
        }
        say(
            "change",
            "accepted in \(accepted), over in \(text(since: started)), \(await processor(since: used)), \(await memory())")
        for (revision, receipts) in Dictionary(grouping: firsts.values, by: \.version.revision).sorted(by: { $0.key < $1.key })
        {
            let delays = receipts.map { receipt in
                receipt.at.timeIntervalSince(openings.last { $0 <= receipt.at } ?? startDate)
            }
            say("  step \(revision)", "from the wave's opening to the desired state: \(Distribution(delays))")
        }
    }

    private func waveOpenings(since date: Date) async throws -> [Date] {
        var openings: [Date] = [], last: UInt64 = 0
        while true {
            let from = last
            let events = try JSONDecoder().decode(
                [APIMessage.Event].self, from: try await call { try await $0.events(since: from) })
            guard let newest = events.last?.number else { return openings.filter { $0 >= date } }
            last = newest
            openings += try events.filter { $0.kind == "rollout-wave" }.map {
                try Date($0.at, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
            }
        }
    }

    private func idle() async throws {
        try await Task.sleep(for: .seconds(5))
        let used = await controller.processorSeconds
        try await Task.sleep(for: options.idle)
        let share = (await controller.processorSeconds - used) / options.idle.seconds * 100
        say(
            "idle",
            String(format: "%.1f %% of one processor over %.0f s", share, options.idle.seconds)
                + ", \(ledger.roundBytes / 1024) KiB of reports per round, \(await memory())")
    }

    private func restart() async throws {
        _ = ledger.takeLosses()
        let began = ContinuousClock.now
        await controller.kill()
        try await controller.start()
        let up = text(since: began), used = await usage(), opened = ContinuousClock.now
        try await untilWell(2)
        say(
            "restart",
            "killed; it serves again after \(up); all are back, every link up, \(text(since: opened)) after that, "
                + "\(await processor(since: used)), \(await memory())")
        say(
            "  losses",
            ledger.takeLosses().sorted { $0.value > $1.value }.map { "\($0.value) × \($0.key)" }.joined(separator: ", "))
    }

    /// Until the controller says that all is as it shall be in the generation.
    private func untilWell(_ generation: UInt64) async throws {
        let deadline = ContinuousClock.now + .seconds(600)
        while true {
            let status = try await call { try await $0.status() }
            if status.generation == Generation(rawValue: generation), status.isWell { return }
            guard ContinuousClock.now < deadline else {
                let connected = status.sites.count(where: \.connected), up = status.links.count { $0.state == .up }
                throw LoadError(
                    "not well after 600 s: \(connected) connected, \(up) of \(status.links.count) links up, "
                        + "\(status.sites.lazy.compactMap(\.failure).first ?? "no failure")")
            }
            // Asking for the status of a large mesh costs the controller, too.
            try await Task.sleep(for: .milliseconds(status.links.count > 50_000 ? 3000 : 500))
        }
    }

    private func call<Value: Sendable>(_ body: @Sendable (ControllerClient) async throws -> Value) async throws -> Value {
        try await ControllerClient.withClient(of: .socket(path: controller.socket), body)
    }

    /// Processor seconds that the controller and this process, with all the agents, have used so far: they share one machine.
    private func usage() async -> (controller: Double, agents: Double) {
        (await controller.processorSeconds, Double(clock()) / Double(CLOCKS_PER_SEC))
    }

    private func processor(since used: (controller: Double, agents: Double)) async -> String {
        let now = await usage()
        return String(
            format: "%.1f s of processor, the agents %.1f s", now.controller - used.controller, now.agents - used.agents)
    }

    private func memory() async -> String {
        "memory \(await controller.presentMemory) MiB, at most \(await controller.peakMemory) MiB"
    }

    private func text(since began: ContinuousClock.Instant) -> String {
        String(format: "%.2f s", (ContinuousClock.now - began).seconds)
    }

    private func say(_ what: String, _ text: String) {
        print(what.padding(toLength: 12, withPad: " ", startingAt: 0) + text)
        fflush(nil)
    }
}

import Foundation
import Testing
import TunnelControl
import WarrenModel

/// What the guest of one mode found: the facts and files that `Tests/Lab/uml/link` left.
struct LinkRun: Sendable {
    struct Ping: Sendable {
        let sent: Int
        let answered: Int
    }

    let job: URL
    let exitStatus: Int32
    /// What the guest printed, for a failure's message.
    let output: String
    /// Scenario, fact, values.
    private let facts: [[String]]

    /// The run of this mode, shared by all tests; the first one to ask starts it.
    static func of(_ mode: IPsecMode) async throws -> LinkRun { try await runs.of(mode) }

    /// The values of each fact with this name, joined by spaces.
    func values(_ name: String, in scenario: Scenario) -> [String] {
        facts.filter { $0.count >= 2 && $0[0] == scenario.rawValue && $0[1] == name }.map {
            $0.dropFirst(2).joined(separator: " ")
        }
    }

    func pings(in scenario: Scenario) throws -> [String: Ping] {
        var pings: [String: Ping] = [:]
        for value in values("ping", in: scenario) {
            let words = value.split(separator: " ")
            guard words.count == 3, let sent = Int(words[1]), let answered = Int(words[2]) else {
                throw Unreadable(what: "ping \(value) in \(scenario)")
            }
            pings[String(words[0])] = Ping(sent: sent, answered: answered)
        }
        return pings
    }

    func text(_ file: String, in scenario: Scenario) throws -> String {
        try String(contentsOf: url(file, scenario), encoding: .utf8)
    }

    func observation(_ file: String, in scenario: Scenario) throws -> TunnelControl.Observation {
        try JSONDecoder().decode(TunnelControl.Observation.self, from: Data(contentsOf: url(file, scenario)))
    }

    func capture(in scenario: Scenario) throws -> Capture { try Capture([UInt8](Data(contentsOf: url("wan.pcap", scenario)))) }

    struct Unreadable: Error { let what: String }

    private func url(_ file: String, _ scenario: Scenario) -> URL {
        job.appending(path: scenario.rawValue).appending(path: file)
    }

    private static let runs = Runs()

    private actor Runs {
        private var tasks: [IPsecMode: Task<LinkRun, any Error>] = [:]

        /// Both modes start at once, each guest on a processor of its own.
        func of(_ mode: IPsecMode) async throws -> LinkRun {
            for (cpu, mode) in IPsecMode.allCases.enumerated() where tasks[mode] == nil {
                tasks[mode] = Task { try await LinkRun.start(mode, cpu: cpu) }
            }
            guard let task = tasks[mode] else { throw Unreadable(what: "no guest for \(mode)") }
            return try await task.value
        }
    }

    private static func start(_ mode: IPsecMode, cpu: Int) async throws -> LinkRun {
        let job = try Guest.programs.appending(path: "interop-\(mode.rawValue)")
        try? FileManager.default.removeItem(at: job)
        try FileManager.default.createDirectory(at: job, withIntermediateDirectories: true)
        let plans = try [
            "initiates": LinkPlan.ofSideA(mode: mode, initiator: true),
            "answers": LinkPlan.ofSideA(mode: mode, initiator: false),
            "other-algorithms": LinkPlan.ofSideA(
                mode: mode, initiator: true, ike: "aes128gcm16-prfsha256-ecp256", child: "aes128gcm16-ecp384",
                encapsulation: .esp),
            "impatient": LinkPlan.ofSideA(mode: mode, initiator: true, child: "aes256-sha256", livenessSeconds: 2),
        ]
        for (name, plan) in plans { try JSONEncoder().encode(plan).write(to: job.appending(path: "plan-\(name).json")) }
        let script = Guest.laboratory.appending(path: "link").path
        let ended = try await Guest.run(
            [script, mode.rawValue, try Guest.programs.path], job: job, cpu: cpu, timeoutSeconds: 170)
        let facts = (try? String(contentsOf: job.appending(path: "facts"), encoding: .utf8)) ?? ""
        return LinkRun(
            job: job, exitStatus: ended.status, output: ended.output,
            facts: facts.split(separator: "\n").map { $0.split(separator: " ").map(String.init) })
    }
}

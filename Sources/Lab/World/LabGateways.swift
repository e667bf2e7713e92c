import Foundation
import Glibc
import WarrenClient
import WarrenModel

/// The lab's gateways: each agent enrolled with a token of its own, then started.
extension Lab {
    static let tokenLifetimeSeconds: UInt32 = 600

    /// Gets a token for each site through the API, and lets its agent enrol with it. The token reaches the agent through
    /// a file without a name.
    func enrolGateways() async throws {
        try await enrol(members)
        say("\(members.count) agents enrolled, each with a token of its own")
    }

    func enrol(_ sites: [LabTopology.SiteWorld]) async throws {
        _ = try await ControllerClient.withClient(of: controllerAddress) { client in
            try await mapConcurrently(sites, limit: 4) { site in
                let token = try await client.createToken(for: site.name, lifetimeSeconds: Self.tokenLifetimeSeconds)
                try await ChildProcess.require(
                    LabPrograms.enter(site.gatewayNamespace, programs.enrolCommand(for: site)), input: token.token + "\n",
                    failing: "the agent of \(site.name) cannot enrol")
            }
        }
    }

    /// Starts every agent and returns once the controller has a session with each.
    func startAgents() async throws {
        let pids = try members.map { ($0, try startAgent(of: $0)) }
        try await awaitSessions {
            for (site, pid) in pids where !ChildProcess.isRunning(pid) {
                throw LabError(
                    .failed, "the agent of \(site.name) ended as soon as it was started",
                    details: tail(of: programs.log(of: site)))
            }
        }
        say("\(pids.count) agents connected")
    }

    @discardableResult
    func startAgent(of site: LabTopology.SiteWorld, _ options: [String] = []) throws -> pid_t {
        try ChildProcess.start(
            LabPrograms.enter(site.gatewayNamespace, programs.runCommand(for: site) + options), log: programs.log(of: site))
    }

    /// What a power cut leaves of a gateway: its disk. No program runs, and its kernel has forgotten what they set up.
    func losePower(of site: LabTopology.SiteWorld) async throws {
        let namespace = site.gatewayNamespace
        for program in ["warren-agent", "warren-tunneld"] { try await end(program, in: namespace, signal: SIGKILL) }
        try await ChildProcess.require(
            LabPrograms.enter(namespace, ["nft", "flush", "ruleset"]), failing: "cannot empty the firewall")
        let devices = try await ChildProcess.require(
            ["ip", "-n", namespace, "-br", "link"], failing: "cannot list devices")
        for line in devices.split(separator: "\n") where line.hasPrefix("gif") {
            let name = String(line.prefix { $0 != " " && $0 != "@" })
            try await ChildProcess.require(["ip", "-n", namespace, "link", "del", name], failing: "cannot remove \(name)")
        }
        for family in ["-4", "-6"] {
            try await ChildProcess.require(
                ["ip", "-n", namespace, family, "route", "flush", "type", "unreachable"], failing: "cannot remove routes")
        }
    }

    /// Returns once every site's agent has a session; `check` may end the wait by throwing.
    func awaitSessions(check: @escaping @Sendable () throws -> Void = {}) async throws {
        let sites = Set(members.map(\.name))
        try await ControllerClient.withClient(of: controllerAddress) { client in
            try await awaitCondition("every agent connects", within: .seconds(30), details: { agentLogs() }) {
                try check()
                let status = try await client.status()
                let connected = Set(status.sites.filter(\.connected).map(\.site))
                return sites.isSubset(of: connected) ? true : nil
            }
        }
    }

    private func agentLogs() -> String {
        members.map { "\($0.name): " + tail(of: programs.log(of: $0), lines: 2) }.joined(separator: "\n")
    }
}

import Foundation
import Testing

/// What an operator sees of a real controller whose gateways have no agents yet.
@Suite(.serialized) struct ControllerCommandTests {
    static let inventory = """
        version: 1
        mesh: acme
        sites:
          berlin: {gateway: {public: 203.0.113.10, private: 192.168.1.1}, networks: [192.168.1.0/24], tags: [europe]}
          lima: {gateway: {public: 203.0.113.30, private: 192.168.3.1}, networks: [192.168.3.0/24]}
          tokyo: {gateway: {public: 198.51.100.20, private: 192.168.2.1}, networks: [192.168.2.0/24], tags: [asia]}

        """

    @Test func beforeTheFirstGeneration() throws {
        let controller = try RunningController()
        let status = try controller.warren("status")
        #expect(status.output.contains("no site is declared yet: 'warren apply --no-wait FILE' declares them"))
        let rollback = try controller.warren("rollback", "--yes")
        #expect(rollback.status == 1 && rollback.errorOutput.contains("'warren apply' makes the first"))
    }

    @Test func whatIsAskedOfAMesh() throws {
        let controller = try RunningController()
        try controller.apply(Self.inventory)

        let status = try controller.warren("status")
        #expect(status.status == 1 && status.errorOutput.isEmpty)
        #expect(status.output.contains("mesh acme, generation 1\n"))
        #expect(status.output.contains("berlin  off    -    ·       ?       ?"))
        #expect(status.output.hasSuffix("0 of 3 links up\n"))

        let json = try controller.warren("status", "-o", "json")
        let answer = try #require(JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        #expect((answer["links"] as? [Any])?.count == 3 && json.errorOutput.isEmpty)
        #expect(try controller.warren("status", "-o", "yaml").output.contains("mesh: acme"))
        #expect(try controller.warren("status", "-o", "wide").output.contains("berlin--tokyo"))

        let check = try controller.warren("status", "--check")
        #expect(check.status == 1 && check.output == "not well: 0 of 3 links up\n")

        let version = try controller.warren("version")
        #expect(version.output.contains("agents' protocol") && version.errorOutput.isEmpty)
    }

    /// Without an agent there is nobody to ask, and that is what is said.
    @Test func whatNobodyCanBeAskedAbout() throws {
        let controller = try RunningController()
        try controller.apply(Self.inventory)
        let diagnosis = try controller.warren("diagnose", "tokyo", "berlin")
        #expect(diagnosis.status == 1)
        #expect(diagnosis.output.hasPrefix("berlin - tokyo: unknown\n  ● plan "), "\(diagnosis.output)")
        #expect(diagnosis.output.contains("  ✗ agents        berlin: no agent is connected\n"), "\(diagnosis.output)")
        #expect(diagnosis.output.contains("→ see whether the gateway runs"))
        #expect(diagnosis.output.hasSuffix("\nthe first that fails: agents\n"))
        #expect(diagnosis.errorOutput == "asking the agents of berlin and tokyo\n")

        let json = try controller.warren("diagnose", "berlin--tokyo", "-o", "json", "--quiet")
        let answer = try #require(JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        #expect(json.status == 1 && json.errorOutput.isEmpty && answer["firstFailure"] as? String == "agents")
        #expect((answer["steps"] as? [Any])?.count == 14)

        let verification = try controller.warren("verify", "--from", "berlin", "--to", "tokyo")
        #expect(verification.status == 1)
        #expect(
            verification.output
                == "? berlin  tokyo (192.168.2.1)  the agent of 'berlin' is not connected\n0 of 1 hold\n",
            "\(verification.output)")
        let all = try controller.warren("verify", "--limit", "2")
        #expect(all.status == 1 && all.output.hasSuffix("\n0 of 2 hold\n") && all.errorOutput.hasPrefix("1 more "))

        #expect(try controller.warren("diagnose", "berlin").status == 2)
        #expect(try controller.warren("diagnose", "berlin", "oslo").status == 1)
        #expect(try controller.warren("verify", "--from", "berlin", "--to", "berlin").status == 2)
        #expect(try controller.warren("verify", "--count", "21").status == 2)
    }

    /// A name that the controller does not know is answered with the one that was meant.
    @Test(arguments: [
        ["show", "report", "berln"], ["show", "plan", "berln"], ["token", "create", "berln"],
        ["site", "drain", "berln", "--yes"], ["diagnose", "berln", "tokyo"], ["verify", "--from", "berln"],
    ])
    func aMisspeltSiteIsRecognized(arguments: [String]) throws {
        let controller = try RunningController()
        try controller.apply(Self.inventory)
        let process = try Program.run(list: arguments, environment: ["WARREN_SOCKET": controller.socket])
        #expect(process.status == 1)
        #expect(
            process.errorOutput.contains("(did you mean 'berlin'?): 'warren status' lists the sites"), "\(process.errorOutput)")
        #expect(process.output.isEmpty)
    }

    @Test func namesAreCompletedFromTheController() throws {
        let controller = try RunningController()
        try controller.apply(Self.inventory)
        func offered(_ words: String...) throws -> Set<Substring> {
            let process = try Program.run(
                list: ["---completion"] + words, environment: ["WARREN_SOCKET": controller.socket])
            #expect(process.status == 0 && process.errorOutput.isEmpty, "\(process.errorOutput)")
            return Set(process.output.split(separator: "\n"))
        }
        #expect(
            try offered("show", "sa", "--", "positional@0", "3", "0", "warren", "show", "sa", "") == [
                "berlin", "lima", "tokyo",
            ])
        #expect(try offered("events", "--", "--link", "3", "0", "warren", "events", "--link", "").contains("berlin--tokyo"))
        #expect(try offered("rollback", "--", "positional@0", "2", "0", "warren", "rollback", "") == ["1"])
    }

    /// What the controller refuses, it says how to go on from.
    @Test(arguments: [
        ("site undrain lima --yes", "was not drained by an operator: if the inventory says so"),
        ("site revoke lima --yes", "no agent is enrolled for 'lima': there is nothing to revoke"),
        ("psk rotate --yes --link berlin lima --canary none --batches 5,4", "--batches"),
        ("rollback 1 --yes", "'warren history' lists the earlier"),
        ("rollback 9 --yes", "generation 9 is not kept: 'warren history' lists those that are"),
        ("rollback --yes", "there is none to go back to; 'warren apply' makes another"),
        ("rollout show 9", "no roll-out to generation 9 is kept"),
        ("rollout resume", "'warren rollout"),
        ("rollout pause", "'warren rollout"),
        ("rollout rollback", "'warren rollback' leads the mesh to an earlier generation"),
        ("show report lima", "has not reported since the controller started"),
        ("diff 1 9", "'warren history' lists those that are"),
        ("token create lima --lifetime 90d", "a token lives 1 s to 30 days"),
    ])
    func aRefusalSaysHowToGoOn(line: String, message: String) throws {
        let controller = try RunningController()
        try controller.apply(Self.inventory)
        let process = try Program.run(
            list: line.split(separator: " ").map(String.init), environment: ["WARREN_SOCKET": controller.socket])
        #expect((1...2).contains(process.status))
        #expect(process.errorOutput.contains(message), "\(process.errorOutput)")
        #expect(process.errorOutput.contains("'warren ") || process.errorOutput.contains("--help"), "\(process.errorOutput)")
    }

    /// What a script reads is never mixed with what a person is told.
    @Test(arguments: [
        "status -o json", "status -o json --links none", "history -o json", "drift -o json", "rollout list -o json",
        "rollout show -o json", "show plan berlin -o json", "diff 0 1 -o json", "version -o json",
    ])
    func jsonIsNothingButJSON(line: String) throws {
        let controller = try RunningController()
        try controller.apply(Self.inventory)
        let process = try Program.run(
            list: line.split(separator: " ").map(String.init), environment: ["WARREN_SOCKET": controller.socket])
        _ = try JSONSerialization.jsonObject(with: Data(process.output.utf8), options: .fragmentsAllowed)
        #expect(!process.output.contains("warren:"))
    }

    /// The screen shows the mesh, and follows it.
    @Test(.timeLimit(.minutes(1))) func theWatchShowsWhatHappens() throws {
        let controller = try RunningController()
        let terminal = try PseudoTerminal(rows: 30, columns: 100)
        let process = try terminal.run(["status", "--watch", "--socket", controller.socket])
        _ = try terminal.read(until: "no site is declared yet")
        try controller.apply(Self.inventory)
        _ = try terminal.read(until: "0 of 3 links up")
        terminal.type("q")
        _ = try terminal.read(until: "\u{1B}[?1049l")
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }
}

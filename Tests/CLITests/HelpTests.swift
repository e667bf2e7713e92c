import Foundation
import Testing

/// What the four programs say of themselves.
@Suite struct HelpTests {
    static let programs = ["warren", "warrend", "warren-agent", "warren-tunneld"]

    /// Every command of a program, the program itself first, from what it tells of itself.
    static func commands(of program: String) throws -> [[String]] {
        let dump = try Program.run(list: ["--experimental-dump-help"], program: Program.path(of: program))
        let root = try #require(JSONSerialization.jsonObject(with: Data(dump.output.utf8)) as? [String: Any])
        func below(_ command: [String: Any], _ path: [String]) -> [[String]] {
            let children = (command["subcommands"] as? [[String: Any]] ?? []).filter { $0["commandName"] as? String != "help" }
            return [path] + children.flatMap { below($0, path + [$0["commandName"] as? String ?? "?"]) }
        }
        return below(try #require(root["command"] as? [String: Any]), [])
    }

    @Test(arguments: programs) func everyCommandHasHelp(program: String) throws {
        let commands = try Self.commands(of: program)
        #expect(program != "warren" || commands.count > 45)
        for command in commands {
            let process = try Program.run(list: command + ["--help"], program: Program.path(of: program))
            #expect(process.status == 0, "\(program) \(command)")
            #expect(
                process.output.contains("OVERVIEW: ") && process.output.contains("USAGE: \(program)"), "\(program) \(command)")
            #expect(process.errorOutput.isEmpty, "\(program) \(command)")
        }
    }

    @Test(arguments: programs) func everyProgramTellsItsVersion(program: String) throws {
        let process = try Program.run(list: ["--version"], program: Program.path(of: program))
        #expect(process.status == 0)
        #expect(process.output.firstMatch(of: /^[0-9]+\.[0-9]+\.[0-9]+ \(.*Swift [0-9.]+.*\)\n$/) != nil, "\(process.output)")
    }

    @Test func topicsAreFoundWhereCommandsAre() throws {
        for arguments in [["help", "exit-codes"], ["exit-codes"], ["exit-codes", "--help"]] {
            let process = try Program.run(list: arguments)
            #expect(process.status == 0)
            #expect(process.output.contains("3    the controller does not answer"))
        }
        #expect(try Program.run("help", "settings").output.contains("WARREN_PROFILE"))
    }

    @Test(arguments: [
        (["statsu"], "there is no command 'warren statsu': did you mean 'status'?"),
        (["site", "drian", "berlin"], "there is no command 'warren site drian': did you mean 'drain'?"),
        (["help", "aply"], "there is no command 'warren aply': did you mean 'apply'?"),
        (["frobnicate"], "there is no command 'warren frobnicate'. 'warren --help' lists those there are"),
        (["rollout", "wacth"], "there is no command 'warren rollout wacth': did you mean 'watch'?"),
    ])
    func aMisspeltCommandIsRecognized(arguments: [String], message: String) throws {
        let process = try Program.run(list: arguments)
        #expect(process.status == 2)
        #expect(process.errorOutput.contains(message), "\(process.errorOutput)")
        #expect(process.output.isEmpty)
    }

    @Test func versionNeedsNoController() throws {
        let text = try Program.run("version", "--socket", "/nonexistent/api.sock")
        #expect(text.status == 0)
        #expect(text.output.hasPrefix("warren      0.") && text.output.contains("controller  no answer from /nonexistent"))
        let json = try Program.run("version", "-o", "json", "--socket", "/nonexistent/api.sock")
        let answer = try #require(JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: [String: Any]])
        #expect(answer["client"]?["version"] as? String == "0.1.0")
        #expect((answer["controller"]?["failure"] as? String)?.contains("does not answer") == true)
    }

    @Test func quietSaysNothingButFailures() throws {
        let sample = Program.sample("handbook.yaml")
        #expect(try !Program.run("validate", sample).errorOutput.isEmpty)
        #expect(try Program.run("validate", "--quiet", sample).errorOutput.isEmpty)
        #expect(try !Program.run("plan", "-q", "--site", "nobody", sample).errorOutput.isEmpty)
    }
}

import Foundation
import Testing

/// Every way in which an operator can go wrong ends in a sentence that says what to do next, on standard error alone.
@Suite struct ErrorTests {
    struct Mistake: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        let status: Int32
        /// What is said.
        let what: String
        /// What is said of what to do.
        let advice: String
        var testDescription: String { arguments.joined(separator: " ") }

        init(_ line: String, _ status: Int32, _ what: String, _ advice: String) {
            arguments = line.split(separator: " ").map(String.init)
            (self.status, self.what, self.advice) = (status, what, advice)
        }
    }

    static let sample = Program.sample("handbook.yaml")
    static let faulty = Program.sample("rejected/network-overlap.yaml")
    static let learned = Program.sample("dynamic.yaml")

    static let mistakes: [Mistake] = [
        // The command line.
        .init("frobnicate", 2, "no command", "'warren --help' lists"),
        .init("status --colour never", 2, "Unknown option", "--help"),
        .init("status --color mauve", 2, "is invalid", "auto, always or never"),
        .init("status --watch --check", 2, "do not go together", "give one"),
        .init("status --watch -o json", 2, "shows a table", "run 'warren status -o json'"),
        .init("status --watch --socket /nonexistent/a", 2, "needs a terminal", "run 'warren status' again"),
        .init("status --socket a --url https://b", 2, "each name a controller", "give one"),
        .init("status --socket a --ca b", 2, "not with --socket", "go with --url"),
        .init("status --url https://b", 2, "needs a token", "give --token-file FILE"),
        .init("status --ca b", 2, "go with --url", "add it"),
        .init("status --url http://b --token-file /dev/null", 2, "in the clear", "start with https://"),
        .init("status --profile nobody", 2, "no profile 'nobody'", "'warren profile add' makes one"),
        .init("status --config /nonexistent/c", 2, "cannot read", "name another with --config"),
        .init("status --config /dev/null", 2, "not a file of settings", "name another with --config"),
        .init("events --follow -o json", 2, "never ends", "take -o json-line"),
        .init("events --limit 0", 2, "--limit takes", "1 to 1000"),
        .init("events --since yesterday", 2, "is invalid", "1h, 2d ago"),
        .init("show link berlin", 2, "named by its two sites", "'berlin tokyo' or 'berlin--tokyo'"),
        .init("show link berlin berlin", 2, "named by its two sites", "'berlin--tokyo'"),
        .init("psk rotate", 2, "Give --all", "--link with two sites"),
        .init("psk rotate --link berlin", 2, "takes two sites", "--link berlin tokyo"),
        .init("plan --summary --site x \(sample)", 2, "of the whole mesh", "give one"),
        .init("plan --against nothing --socket x \(sample)", 2, "needs no controller", "give no --socket"),
        .init("example --sites 0", 2, "takes 1 to", "2000"),
        .init("lab exec \(sample) berlin", 2, "Missing expected argument", "after '--'"),
        .init("access create bob --role king", 2, "is invalid", "viewer, operator or admin"),
        .init("completion csh", 2, "is invalid", "bash, zsh or fish"),
        .init("profile add -x --socket /s", 2, "Missing expected argument", "A name of letters"),
        .init("profile add a/b --socket /s", 2, "cannot name a profile", "take letters"),
        .init("profile add a", 2, "neither socket nor url", "--help"),
        .init("profile show --config /nonexistent/c", 1, "no profile is in use", "'warren profile use NAME' chooses one"),
        .init("profile use x --config /nonexistent/c", 2, "no profile 'x'", "'warren profile add' makes one"),
        .init("render \(sample) --site second --platform linux --ike racoon --output o", 2, "goes with", "--platform freebsd"),
        // Files.
        .init("validate /nonexistent.yaml", 2, "cannot read", "'warren example > sites.yaml' makes one"),
        .init("validate /dev/null", 2, "neither a file nor a folder", "name an inventory"),
        .init("validate /nonexistent-folder/", 2, "cannot read", "'warren example"),
        .init("plan \(faulty)", 1, "has 7 faults", "correct them"),
        .init("plan --site secnd \(sample)", 2, "(did you mean 'second'?)", "lists the sites"),
        .init("plan --against \(sample) \(sample)", 2, "is no saved plan", "takes 'controller', 'nothing' or"),
        .init("trace \(sample) --from secnd --to second", 2, "(did you mean 'second'?)", "lists the sites"),
        .init("trace \(sample) --from second --to nowhere", 2, "neither an address nor a site", "lists both"),
        .init("render \(sample) --site x --platform linux --output /nonexistent/o", 2, "has no site 'x'", "lists the sites"),
        .init("import /nonexistent", 2, "cannot list", "may you read it?"),
        .init("import /dev", 2, "has no folder with", "one folder for each gateway"),
        .init("apply /nonexistent", 2, "cannot read", "'warren example"),
        .init("restore --check /nonexistent", 1, "/nonexistent", "No such file"),
        // The controller.
        .init("status --socket /nonexistent/a", 3, "does not answer at /nonexistent/a", "Start it with 'warrend"),
        .init("status --check --socket /nonexistent/a", 3, "does not answer", "or name another socket"),
        .init("status --url https://127.0.0.1:1 --token-file \(sample)", 2, "does not hold a token", "one line"),
        .init("status --url https://127.0.0.1:1 --token-file /nonexistent", 2, "cannot read a token", "--token-file"),
        .init("apply --yes \(sample) --socket /nonexistent/a", 3, "does not answer", "is it running?"),
        .init("rollback --socket /nonexistent/a", 3, "does not answer", "is it running?"),
        .init("site drain berlin --socket /nonexistent/a", 2, "nobody can be asked", "give --yes"),
        .init("lab down Not/A/Mesh", 2, "cannot name a lab", "name the inventory's file"),
    ]

    @Test(arguments: mistakes) func itSaysWhatToDoNext(mistake: Mistake) throws {
        let process = try Program.run(list: mistake.arguments)
        #expect(process.status == mistake.status)
        #expect(process.errorOutput.contains(mistake.what), "\(process.errorOutput)")
        #expect(process.errorOutput.contains(mistake.advice), "\(process.errorOutput)")
        #expect(process.output.isEmpty)
    }

    /// With --detailed-exitcode, 2 has a meaning of its own.
    @Test func aFailureIsNotTakenForAChange() throws {
        #expect(try Program.run("drift", "--detailed-exitcode", "--socket", "/nonexistent/a").status == 1)
        #expect(try Program.run("plan", "--detailed-exitcode", "/nonexistent").status == 1)
    }
}

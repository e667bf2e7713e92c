import Foundation
import Testing

@Suite struct CommandLineTests {
    /// A full disk is said in a sentence, and a reader that has had enough ends the program as a signal would.
    @Test(arguments: [(">/dev/full", Int32(2)), (">&9", 141)])
    func outputThatCannotBeWritten(redirection: String, status: Int32) throws {
        let process = Process(), errors = Pipe()
        process.executableURL = URL(filePath: "/bin/bash")
        // Descriptor 9 is a pipe that nobody reads any more.
        let script = "exec 9> >(:); wait $!; trap '' PIPE; \"$0\" plan \"$1\" " + redirection
        process.arguments = ["-c", script, Program.path, Program.sample("thirty-sites.yaml")]
        process.standardError = errors
        try process.run()
        let said = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == status)
        #expect(!said.contains("atal error"))
    }

    @Test func aSoundInventoryIsFine() throws {
        for sample in try FileManager.default.contentsOfDirectory(atPath: Program.sample("")) where sample.hasSuffix(".yaml") {
            let process = try Program.run("validate", Program.sample(sample))
            #expect(process.status == 0, "\(sample): \(process.output)\(process.errorOutput)")
            #expect(process.output.isEmpty)
        }
    }

    @Test func faultsAreDataOnStandardOutput() throws {
        let process = try Program.run("validate", Program.sample("rejected/network-overlap.yaml"))
        #expect(process.status == 1)
        #expect(process.output.contains("network-overlap.yaml:10:16: error[network-overlap]: "))
        #expect(!process.errorOutput.contains("error["))
    }

    @Test func faultsAsJSON() throws {
        let process = try Program.run("validate", "-o", "json", Program.sample("rejected/network-overlap.yaml"))
        #expect(process.status == 1)
        let faults = try #require(JSONSerialization.jsonObject(with: Data(process.output.utf8)) as? [[String: Any]])
        #expect(faults.first?["rule"] as? String == "network-overlap")
    }

    @Test(arguments: [
        ["validate"], ["validate", "/nonexistent"], ["validate", "/dev/null"], ["validate", "-o", "xml", "x"], ["frobnicate"],
        ["show", "sa", "Not A Site"], ["token", "create", "berlin", "--lifetime", "soon"],
        ["status", "--socket", "a", "--url", "b"],
        ["status", "--url", "https://controller"], ["apply", "/nonexistent"],
    ])
    func whatCannotBeUsedEndsWithTwo(command: [String]) throws {
        let process = try Program.run(list: command)
        #expect(process.status == 2)
        #expect(process.output.isEmpty)
        #expect(!process.errorOutput.isEmpty)
    }

    @Test func aFolderIsReadInOrder() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "warren-folder-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let empty = try Program.run("validate", folder.path)
        #expect(empty.status == 2)
        let text = try String(contentsOfFile: Program.sample("handbook.yaml"), encoding: .utf8)
        try text.write(to: folder.appending(path: "10-mesh.yml"), atomically: true, encoding: .utf8)
        try "not read".write(to: folder.appending(path: "notes.txt"), atomically: true, encoding: .utf8)
        #expect(try Program.run("validate", folder.path).status == 0)
        try Data([0xFF, 0xFE]).write(to: folder.appending(path: "20-broken.yaml"))
        #expect(try Program.run("validate", folder.path).status == 2)
    }

    @Test func aPlanNeedsNoController() throws {
        let text = try Program.run("plan", Program.sample("handbook.yaml"))
        #expect(text.status == 0)
        #expect(text.output.contains("esp/tunnel/203.0.113.10-198.51.100.20/require"))
        let json = try Program.run("plan", "-o", "json", Program.sample("handbook.yaml"))
        let plan = try #require(JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        #expect(plan["mesh"] as? String == "handbook")
        #expect(try Program.run("plan", "--site", "second", Program.sample("handbook.yaml")).output.contains("gateway second"))
        #expect(try Program.run("plan", "--site", "nobody", Program.sample("handbook.yaml")).status == 2)
    }

    @Test func aMissingControllerIsSaidPlainly() throws {
        for command in [["status"], ["show", "report", "berlin"], ["token", "create", "berlin"]] {
            let process = try Program.run(list: command, environment: ["WARREN_SOCKET": "/nonexistent/api.sock"])
            #expect(process.status == 3)
            #expect(process.errorOutput.contains("warrend does not answer at /nonexistent/api.sock: is it running?"))
            #expect(process.output.isEmpty)
        }
    }

    @Test func aTokenFileOfAFailedRequestIsRemoved() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "warren-token-\(UUID().uuidString)").path
        let process = try Program.run("token", "create", "berlin", "--output", file, "--socket", "/nonexistent/api.sock")
        #expect(process.status == 3)
        #expect(!FileManager.default.fileExists(atPath: file))
    }

    @Test func aLabThatIsNotUp() throws {
        let process = try Program.run("lab", "status", "no-such-mesh")
        #expect(process.status == 1)
        #expect(process.output == "no lab of mesh 'no-such-mesh' is up\n")
    }
}

import Foundation
import Testing

@Suite struct PlanCommandTests {
    private func scratch() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appending(path: "warren-plan-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    /// A plan is saved, and another inventory is counted from it.
    @Test func aSavedPlanIsABaseToCountFrom() throws {
        let folder = try scratch()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "five.plan").path, inventory = Program.sample("five-sites.yaml")
        let saved = try Program.run("plan", inventory, "--out", file, "--summary")
        #expect(saved.status == 0 && saved.errorOutput.contains("warren apply"))
        let size = try #require(try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int)
        #expect(size < 8192)
        let same = try Program.run("plan", inventory, "--against", file, "--detailed-exitcode")
        #expect(same.status == 0 && same.output == "no changes\n")

        let moved = folder.appending(path: "moved.yaml")
        let text = try String(contentsOfFile: inventory, encoding: .utf8).replacing("198.51.100.20", with: "198.51.100.99")
        try text.write(to: moved, atomically: true, encoding: .utf8)
        let changed = try Program.run("plan", moved.path, "--against", file, "--detailed-exitcode")
        #expect(changed.status == 2)
        #expect(changed.output.hasPrefix("5 of 5 gateways and 4 links: 4 restart\n"))
        #expect(changed.output.contains("  berlin--tokyo restarts: public addresses"))
        let json = try Program.run("plan", moved.path, "--against", file, "-o", "json", "--site", "tokyo")
        let set = try #require(JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        #expect((set["links"] as? [Any])?.count == 4 && (set["gateways"] as? [Any])?.count == 1)
        let summary = try Program.run("plan", moved.path, "--against", file, "--summary")
        #expect(summary.status == 0 && changed.output.hasPrefix(summary.output))
    }

    @Test func aSavedPlanReplacesNoOtherFile() throws {
        let folder = try scratch()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "notes.txt")
        try "mine\n".write(to: file, atomically: true, encoding: .utf8)
        let refused = try Program.run("plan", Program.sample("handbook.yaml"), "--out", file.path)
        #expect(refused.status == 2 && refused.errorOutput.contains("is no saved plan"))
        #expect(try String(contentsOf: file, encoding: .utf8) == "mine\n")
        let plan = folder.appending(path: "a.plan").path
        for _ in 0..<2 { #expect(try Program.run("plan", Program.sample("handbook.yaml"), "--out", plan).status == 0) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["a.plan", "notes.txt"])
    }

    /// With the exit status in use, a failure is never mistaken for a change.
    @Test(arguments: [
        ["plan", "/nonexistent"], ["plan", Program.sample("rejected/network-overlap.yaml")],
        ["plan", Program.sample("handbook.yaml"), "--against", "/dev/null"], ["plan"],
        ["plan", Program.sample("handbook.yaml"), "--socket", "/nonexistent/api.sock"],
        ["plan", Program.sample("handbook.yaml"), "--site", "nobody"],
    ])
    func aFailureIsOneByTheDetailedExitStatus(command: [String]) throws {
        #expect(try Program.run(list: command + ["--detailed-exitcode"]).status == 1)
    }

    @Test func everythingIsNewCountedFromNothing() throws {
        let plan = try Program.run("plan", Program.sample("handbook.yaml"), "--against", "nothing", "--detailed-exitcode")
        #expect(plan.status == 2 && plan.output.hasPrefix("mesh handbook: 2 gateways, 1 link\n"))
        let both = ["plan", Program.sample("handbook.yaml"), "--against", "nothing", "--socket", "x"]
        #expect(try Program.run(list: both).status == 2)
    }

    /// Piece by piece, yet the same bytes as the plan in one piece.
    @Test func aPlanAsJSONIsTheGoldenOne() throws {
        let json = try Program.run("plan", Program.sample("five-sites.yaml"), "-o", "json")
        let golden = Program.repository.appending(path: "Tests/Golden/five-sites.plan.json")
        #expect(json.output == (try String(contentsOf: golden, encoding: .utf8)))
    }

    @Test func aDamagedPlanIsSaid() throws {
        let folder = try scratch()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "a.plan")
        for (text, words) in [
            (#"{"format": "warren-plan/1", "files": 3}"#, "damaged"), (#"{"format": "warren-plan/9"}"#, "another version"),
        ] {
            try text.write(to: file, atomically: true, encoding: .utf8)
            let applied = try Program.run("apply", file.path)
            #expect(applied.status == 2 && applied.errorOutput.contains(words))
        }
    }
}

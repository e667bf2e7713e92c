import Foundation
import Testing

@Suite struct TraceCommandTests {
    @Test func thePacketsWayIsShownHopByHop() throws {
        let process = try Program.run("trace", Program.sample("hub-and-spoke.yaml"), "--from", "cork", "--to", "10.10.2.34")
        #expect(process.status == 0)
        let golden = Program.repository.appending(path: "Tests/Golden/hub-and-spoke.trace.txt")
        #expect(process.output == (try String(contentsOf: golden, encoding: .utf8)))
    }

    @Test func aPacketThatDoesNotArriveIsAFailure() throws {
        let process = try Program.run("trace", Program.sample("groups.yaml"), "--from", "oslo", "--to", "tokyo")
        #expect(process.status == 1)
        #expect(process.output.contains("refused: 192.168.2.0/24 is unreachable from here"))
    }

    @Test func aTraceIsData() throws {
        let process = try Program.run(
            "trace", "-o", "json", Program.sample("dual-stack.yaml"), "--from", "oslo", "--to", "fd00:a1::25")
        #expect(process.status == 0)
        let trace = try #require(JSONSerialization.jsonObject(with: Data(process.output.utf8)) as? [String: Any])
        #expect((trace["forth"] as? [String: Any])?["outcome"] as? String == "delivered")
        #expect((trace["exposures"] as? [Any])?.isEmpty == true)
    }

    /// An inventory whose promise is broken can be traced: that is how one finds out why.
    @Test func aBrokenPromiseIsAFaultThatCanBeTraced() throws {
        let file = Program.sample("rejected/unreachable-test.yaml")
        for command in ["validate", "plan"] {
            let process = try Program.run(command, file)
            #expect(process.status == 1)
            #expect((process.output + process.errorOutput).contains("error[unreachable-test]: oslo shall reach tokyo"))
        }
        #expect(try Program.run("trace", file, "--from", "berlin", "--to", "tokyo").status == 0)
    }

    @Test(arguments: [["--from", "nowhere", "--to", "oslo"], ["--from", "oslo", "--to", "nowhere"], ["--from", "oslo"]])
    func whatCannotBeTracedIsAUsageFault(options: [String]) throws {
        #expect(try Program.run(list: ["trace", Program.sample("groups.yaml")] + options).status == 2)
    }

    @Test func anExampleIsSoundAndItsPlanCanBeSummedUp() throws {
        let example = try Program.run("example", "--sites", "40")
        #expect(example.status == 0)
        let file = FileManager.default.temporaryDirectory.appending(path: "warren-example-\(UUID().uuidString).yaml")
        defer { try? FileManager.default.removeItem(at: file) }
        try example.output.write(to: file, atomically: true, encoding: .utf8)
        let summary = try Program.run("plan", "--summary", file.path)
        #expect(summary.status == 0)
        #expect(summary.output.hasPrefix("mesh example: 40 gateways, 780 links"))
        for sites in ["0", "2001", "many"] { #expect(try Program.run("example", "--sites", sites).status == 2) }
    }
}

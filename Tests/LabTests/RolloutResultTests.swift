import Testing

@testable import WarrenLab

/// What the scenarios are judged by.
@Suite struct RolloutResultTests {
    private func makeResult(
        sent: Int = 100, lost: [String: Int] = [:], violations: Int = 0, faults: [String] = []
    ) -> RolloutResult {
        RolloutResult(
            scenario: .keysRotate, seconds: 9.04, streams: 20, sent: sent, lost: lost, lostOnPurpose: 3, repeated: 0, frames: 7,
            violations: [], violationCount: violations, notes: ["a note"], faults: faults)
    }

    @Test func verdicts() {
        #expect(makeResult().holds)
        #expect(!makeResult(sent: 0).holds)
        #expect(!makeResult(lost: ["one to two": 1]).holds)
        #expect(!makeResult(violations: 1).holds)
        #expect(!makeResult(faults: ["it was not undone"]).holds)
        let text = [makeResult(), makeResult(lost: ["one to two": 2], faults: ["it was not undone"])].text
        let lines = text.split(separator: "\n")
        #expect(lines[1].hasPrefix("ok   keys-rotate") && lines[1].contains("9.0 s"))
        #expect(lines[3].hasPrefix("FAIL keys-rotate"))
        #expect(text.contains("lost 2 from one to two") && text.contains("it was not undone"))
    }

    @Test func numbersWithoutAnAnswer() throws {
        func answer(_ number: Int) -> String { "64 bytes from 10.0.0.1: icmp_seq=\(number) ttl=62 time=0.5 ms\n" }
        let refusal = "From 10.0.0.9 icmp_seq=2 Destination Host Unreachable\n"
        let summary = "\n--- 10.0.0.1 ping statistics ---\n6 packets transmitted, 4 received, 33% packet loss\n"
        let stream = try PingStream(answer(1) + refusal + answer(3) + answer(3) + answer(5) + summary)
        #expect(stream.sent == 6)
        #expect(stream.lost == [2, 4])
        #expect(stream.lost(before: 2) == [2, 4] && stream.lost(before: 3) == [2] && stream.lost(before: 6) == [])
        #expect(stream.repeated == [3])
        #expect(throws: PingStream.Unreadable.self) { try PingStream(answer(1)) }
    }

    @Test func theMeshThatIsChanged() throws {
        var mesh = RolloutMesh(name: "m")
        #expect(try mesh.inventory().sites.count == 5)
        mesh.hasJoined = true
        #expect(try mesh.inventory().sites.map(\.name.description).last == RolloutMesh.joining)
        let names = try mesh.inventory().sites.map(\.name.description)
        #expect(names.contains(RolloutMesh.steady) && names.contains(RolloutMesh.roaming))
        for scenario in RolloutScenario.allCases { #expect(scenario.exempt.isSubset(of: names)) }
    }
}

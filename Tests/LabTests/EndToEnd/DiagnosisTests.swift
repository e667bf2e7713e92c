import Foundation
import Glibc
import Testing
import TunnelControl
import WarrenClient
import WarrenInventory
import WarrenModel
import WarrenStatus

@testable import WarrenLab

/// A link of a real lab, broken in one way after the other: `warren diagnose` names what was done. As root, with the built
/// programs.
@Suite(.serialized) struct DiagnosisTests {
    private static let mesh = "lab-test-diagnosis"

    /// How the link is broken, and what is to be named.
    private struct Breakage {
        let check: DiagnosisStep.Check
        let says: String
        let act: (LabTopology.SiteWorld, LabTopology.SiteWorld) async throws -> Void
        /// Beside starting the agents anew, which repairs what they see.
        var undo: (LabTopology.SiteWorld, LabTopology.SiteWorld) async throws -> Void = { _, _ in }
    }

    @Test(.timeLimit(.minutes(2))) func whatIsBrokenIsNamed() async throws {
        let text =
            BuiltPrograms.renamed(try BuiltPrograms.sampleText("handbook.yaml"), mesh: Self.mesh)
            + "tests:\n  - {from: first, to: second, expect: reachable}\ndefaults: {ipsec: {ike: {liveness: 1s}}}\n"
        let file = InventoryFile(name: "\(Self.mesh).yaml", text: text)
        let inventory = try #require(Inventory.load([file]).inventory)
        let lab = try Lab(inventory, files: [file], programDirectory: BuiltPrograms.directory, say: { _ in })
        try await Lab.takeDown(lab.names)
        do {
            try await lab.raise()
            try await breakAndName(lab)
        } catch {
            try await Lab.takeDown(lab.names)
            throw error
        }
        try await Lab.takeDown(lab.names)
    }

    private func breakAndName(_ lab: Lab) async throws {
        let (first, second) = (lab.topology.sites[0], lab.topology.sites[1])
        try await startAnew([first, second], in: lab)
        try await awaitWell(lab)
        let socket = "\(lab.names.directory)/api.sock"
        let verified = try await BuiltPrograms.warren("verify", "--socket", socket)
        #expect(verified.status == 0 && verified.output.hasSuffix("2 of 2 hold\n"), "\(verified)")

        for breakage in breakages(lab) {
            try await breakage.act(first, second)
            let text = try await named(breakage, socket)
            #expect(
                text.contains("the first that fails: \(breakage.check.rawValue)") && text.contains(breakage.says), "\(text)")
            try await breakage.undo(first, second)
            try await startAnew([first, second], in: lab)
            try await awaitWell(lab)
        }

        // Whoever is away is an answer, too, and the packets tell the rest.
        try await lab.end("warren-agent", in: second.gatewayNamespace, signal: SIGKILL)
        try await lab.end("warren-tunneld", in: second.gatewayNamespace, signal: SIGKILL)
        let away = Breakage(check: .agents, says: "second: no agent is connected") { _, _ in }
        let text = try await named(away, socket)
        #expect(text.contains("second: no agent is connected"), "\(text)")
        let unverified = try await BuiltPrograms.warren("verify", "--from", "first", "--to", "second", "--socket", socket)
        #expect(unverified.status == 1 && unverified.output.hasSuffix("0 of 2 hold\n"), "\(unverified)")
    }

    private func breakages(_ lab: Lab) -> [Breakage] {
        [
            Breakage(check: .gif, says: "first: gif2 is missing") { first, _ in
                try await inside(first.gatewayNamespace, ["ip", "link", "delete", "gif2"])
            },
            Breakage(check: .firewall, says: "second: none of the") { _, second in
                try await inside(second.gatewayNamespace, ["nft", "delete", "table", "inet", "warren"])
            },
            Breakage(check: .policies, says: "first: the policy out") { first, _ in
                let control = try TunnelControlClient(path: lab.programs.controlSocket(of: first))
                let observation = try Self.observe(control)
                let policy = try #require(observation.policies.first { $0.direction == .outbound })
                _ = try control.call(.removePolicy(policy))
            },
            Breakage(check: .keys, says: "AUTHENTICATION_FAILED") { _, second in
                let control = try TunnelControlClient(path: lab.programs.controlSocket(of: second))
                let peer = try #require(try Self.observe(control).peers.first)
                let wrong = PreSharedKey(SecretBytes([UInt8](repeating: 7, count: 32)))
                _ = try control.call(.setPeer(peer, keys: peer.acceptedKeys.map { .init($0, wrong) }))
            } undo: { _, second in
                // Its agent gives a new daemon the right key.
                try await lab.end("warren-tunneld", in: second.gatewayNamespace, signal: SIGKILL)
            },
            Breakage(check: .port, says: "are without an answer") { _, _ in
                try await inside(
                    lab.names.internet, ["nft", "-f", "-"],
                    input: """
                        table bridge diagnosis {
                            chain internet {
                                type filter hook forward priority 0; policy accept;
                                udp dport { 500, 4500 } drop
                            }
                        }

                        """)
            } undo: { _, _ in
                try await inside(lab.names.internet, ["nft", "delete", "table", "bridge", "diagnosis"])
            },
        ]
    }

    private func inside(_ namespace: String, _ command: [String], input: String = "") async throws {
        try await ChildProcess.require(LabPrograms.enter(namespace, command), input: input, failing: "cannot break the lab")
    }

    private static func observe(_ control: TunnelControlClient) throws -> TunnelControl.Observation {
        guard case .observation(let observation) = try control.call(.observe) else {
            throw LabError(.failed, "warren-tunneld gave no observation")
        }
        return observation
    }

    /// Asks until the check is named, and gives what a person is shown then.
    private func named(_ breakage: Breakage, _ socket: String) async throws -> String {
        let last = Last()
        return try await awaitCondition(
            "\(breakage.check.rawValue) is named", within: .seconds(20), details: { last.text }
        ) {
            let diagnosis = try await BuiltPrograms.warren("diagnose", "second", "first", "--socket", socket)
            last.text = diagnosis.output + diagnosis.errorOutput
            let isNamed =
                diagnosis.status == 1 && diagnosis.output.contains("the first that fails: \(breakage.check.rawValue)\n")
            return isNamed ? diagnosis.output : nil
        }
    }

    private final class Last { var text = "" }

    /// Agents that only tell of what was changed by hand; at their start they repair it all the same.
    private func startAnew(_ sites: [LabTopology.SiteWorld], in lab: Lab) async throws {
        for site in sites {
            try await lab.end("warren-agent", in: site.gatewayNamespace, signal: SIGTERM)
            _ = try ChildProcess.start(
                LabPrograms.enter(site.gatewayNamespace, lab.programs.runCommand(for: site) + ["--drift", "report"]),
                log: lab.programs.log(of: site))
        }
    }

    private func awaitWell(_ lab: Lab) async throws {
        let socket = "\(lab.names.directory)/api.sock", last = Last()
        try await awaitCondition("the link is well again", within: .seconds(20), details: { last.text }) { () -> Bool? in
            let diagnosis = try await BuiltPrograms.warren("diagnose", "first--second", "--socket", socket)
            last.text = diagnosis.output + diagnosis.errorOutput
            guard diagnosis.status == 0 else { return nil }
            #expect(diagnosis.output.hasSuffix("every check holds\n"))
            return true
        }
    }
}

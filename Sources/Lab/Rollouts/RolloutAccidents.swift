import Foundation
import Glibc
import WarrenAPIModel
import WarrenClient
import WarrenModel
import WarrenStatus

/// The scenarios in which something is wrong with the plan, or dies.
extension LabRollouts {
    /// Where the roaming site moves to; nobody else's.
    static let movedAddress = IPAddress(v4: 0xC613_0063)

    private static let hasty = APIMessage.Strategy(
        confirmTimeoutSeconds: 5, waveTimeoutSeconds: 15, settleSeconds: 1, lateAfterSeconds: 5)

    /// One site claims the controller's address as a network of its own: its peers' new connections to that end up there.
    func cutOff() async throws -> [String] {
        guard let controller = lab.topology.controller.first else {
            throw LabError(.unusable, "the controller has no IPv4 address")
        }
        let steady = try site(RolloutMesh.steady)
        // As every uplink does: what comes from a private address goes no further.
        let filter = ["from", "192.168.0.0/16", "to", "\(controller)", "blackhole"]
        try await ChildProcess.require(
            ["ip", "-n", steady.gatewayNamespace, "rule", "add"] + filter, failing: "cannot filter the uplink")
        var bad = mesh
        bad.claimed = IPPrefix(host: controller)
        let (generation, notes) = try await undone(bad)
        try await ChildProcess.require(
            ["ip", "-n", steady.gatewayNamespace, "rule", "del"] + filter, failing: "cannot filter the uplink")
        let rollout = try await ask { try await $0.rollout(of: generation) }
        let cutOff = rollout.view.failed.filter { $0.reason.contains("went back") }
        guard !cutOff.isEmpty else { throw LabError(.failed, "no gateway went back from generation \(generation) by itself") }
        return notes + cutOff.map { "\($0.site): \($0.reason)" }
    }

    /// The inventory says an address that the gateway does not have.
    func misplace() async throws -> [String] {
        var bad = mesh
        bad.publicAddress = "203.0.113.99"
        return try await undone(bad).notes
    }

    /// Applies what must not last: the roll-out has to undo it by itself.
    private func undone(_ bad: RolloutMesh) async throws -> (generation: Generation, notes: [String]) {
        let generation = try await apply(bad, Self.hasty)
        let start = ContinuousClock.now
        let end = try await awaitEnd(of: generation)
        let back = ContinuousClock.now - start
        let rollout = try await ask { try await $0.rollout(of: generation) }
        guard rollout.view.status == .rolledBack, end.generation == generation.next, end.view.status == .completed else {
            throw LabError(
                .failed,
                "generation \(generation) was not undone: \(rollout.view.status.rawValue), then generation "
                    + "\(end.generation): \(end.view.status.rawValue)", details: end.view.reason)
        }
        return (generation, ["undone within \(Self.text(back)): \(rollout.view.reason ?? "")"])
    }

    func killController() async throws -> [String] {
        let generation = try await ask { try await $0.rotateKeys(of: nil, strategy: Self.strategy) }
        _ = try await ask { client in
            try await awaitCondition("the second step is under way", within: Self.patience) {
                let steps = try await client.rollout(of: generation).view.steps
                return steps.count > 1 && steps[1].phase == .running ? true : nil
            }
        }
        try await lab.end("warrend", in: lab.names.controller, signal: SIGKILL)
        try await lab.startController()
        try await complete(generation)
        return []
    }

    /// The controller is held up, so that the trial lasts until the agent has died in it.
    func killAgent() async throws -> [String] {
        mesh.mode = mesh.mode == .tunnel ? .transport : .tunnel
        let controllers = ProcessTable.entries(in: [lab.names.controller]).filter { $0.program == "warrend" }.map(\.pid)
        let generation = try await apply(mesh)
        let trying: LabTopology.SiteWorld
        do {
            trying = try await awaitCondition("a gateway has a state on trial", within: Self.patience) {
                guard let site = declared.first(where: isTrying) else { return nil }
                for pid in controllers { kill(pid, SIGSTOP) }
                if isTrying(site) { return site }
                for pid in controllers { kill(pid, SIGCONT) }
                return nil
            }
            try await lab.end("warren-agent", in: trying.gatewayNamespace, signal: SIGKILL)
            guard isTrying(trying) else {
                throw LabError(.failed, "the trial of '\(trying.name)' was over when its agent died")
            }
            try lab.startAgent(of: trying)
        } catch {
            for pid in controllers { kill(pid, SIGCONT) }
            throw error
        }
        for pid in controllers { kill(pid, SIGCONT) }
        try await complete(generation)
        return ["killed in its trial: the agent of \(trying.name)"]
    }

    private func isTrying(_ site: LabTopology.SiteWorld) -> Bool {
        access("\(lab.programs.stateDirectory(of: site))/trial.bin", F_OK) == 0
    }

    /// The gateway gets another public address, and loses the old one, while it runs.
    func move() async throws -> [String] {
        let roaming = try site(RolloutMesh.roaming)
        let addresses = roaming.publicAddresses + [Self.movedAddress]
        let present = try await ChildProcess.require(
            ["ip", "-n", roaming.gatewayNamespace, "-br", "-4", "addr", "show", "wan"], failing: "cannot read addresses")
        guard let old = addresses.first(where: { present.contains("\($0)/32") }),
            let new = addresses.first(where: { $0 != old })
        else { throw LabError(.failed, "'\(roaming.name)' has no address of its own", details: present) }
        try await ChildProcess.require(
            ["ip", "-n", roaming.gatewayNamespace, "-batch", "-"],
            input: "addr add \(new)/32 dev wan\naddr del \(old)/32 dev wan\n",
            failing: "cannot change the address of '\(roaming.name)'")
        let start = ContinuousClock.now
        let name = roaming.name
        try await awaitCondition("the peers know the new address", within: Self.patience) {
            let report = try? await ask { try await $0.report(of: name) }
            return report?.outerAddresses.contains(new) == true ? true : nil
        }
        let known = ContinuousClock.now - start
        let peers = declared.filter { $0.name != name }.compactMap { $0.networks.first?.visibleHost }
        for peer in peers {
            try await awaitCondition("\(peer) answers", within: Self.patience) {
                try await ChildProcess.run(
                    LabPrograms.enter(roaming.hostNamespace, ["ping", "-n", "-q", "-c", "1", "-W", "0.2", "\(peer)"])
                ).succeeded ? true : nil
            }
        }
        return [
            "the controller knew after \(Self.text(known)), its links carried packets again after \(Self.text(ContinuousClock.now - start))"
        ]
    }
}

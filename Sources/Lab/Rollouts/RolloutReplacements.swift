import Foundation
import Glibc
import WarrenClient
import WarrenModel
import WarrenStatus

/// The scenarios in which a machine, the trust in it, or the controller's memory is lost, and the one of a hand at work.
extension LabRollouts {
    /// The disk is lost, too: all that the new machine has is a token.
    func replaceHardware() async throws -> [String] {
        let steady = try site(RolloutMesh.steady)
        return [try await replaceMachine(of: steady)]
    }

    private func replaceMachine(of site: LabTopology.SiteWorld) async throws -> String {
        let former = Set(try await associations(of: [site.name]).map(\.spi))
        try await lab.losePower(of: site)
        try FileManager.default.removeItem(atPath: lab.programs.stateDirectory(of: site))
        return try await enrolAndStart(site, former: former)
    }

    /// The machine goes on as it was, in whosever hands: its certificate opens nothing, its keys make no link, and a restart
    /// does not help it.
    func revoke() async throws -> [String] {
        let steady = try site(RolloutMesh.steady), name = steady.name, start = ContinuousClock.now
        _ = try await ask { try await $0.order(.revoke, of: name, strategy: Self.strategy) }
        guard try await status().sites.first(where: { $0.site == name })?.connected == false else {
            throw LabError(.failed, "'\(name)' is revoked, and has a session")
        }
        let peers = declared.map(\.name).filter { $0 != name }
        try await awaitCondition("no peer has an SA with '\(name)'", within: Self.patience) {
            try await associations(of: peers).contains { $0.peer == name } ? nil : true
        }
        let gone = ContinuousClock.now - start
        try await lab.end("warren-agent", in: steady.gatewayNamespace, signal: SIGKILL)
        unlink(lab.programs.log(of: steady))
        try lab.startAgent(of: steady)
        try await awaitCondition("the agent of '\(name)' hears what to do", within: Self.patience) {
            tail(of: lab.programs.log(of: steady), lines: 100).contains("warren-agent enrol --force") ? true : nil
        }
        try await awaitCondition("a peer refuses the keys of '\(name)'", within: Self.patience) {
            for peer in peers {
                let attempt = try await ask { try await $0.report(of: peer) }.ike.first { $0.peer == name }
                if attempt?.lastError?.hasPrefix("AUTHENTICATION_FAILED") == true { return true }
            }
            return nil
        }
        guard try await !associations(of: peers).contains(where: { $0.peer == name }) else {
            throw LabError(.failed, "a peer has SAs with '\(name)', which is revoked")
        }
        return ["its SAs were gone \(Self.text(gone)) after the order", try await replaceMachine(of: steady)]
    }

    /// First under an agent that only reports, then under one that repairs.
    func changeByHand() async throws -> [String] {
        let steady = try site(RolloutMesh.steady), name = steady.name
        guard let route = try await ask({ try await $0.report(of: name) }).routes.first(where: { $0.via != nil }) else {
            throw LabError(.failed, "'\(name)' has no route into a tunnel")
        }
        try await restartAgent(of: steady, ["--drift", "report"])
        try await expectDrift(of: name, saying: [])
        let stray = "10.99.0.0/16", enter = ["ip", "-n", steady.gatewayNamespace, "route"]
        try await ChildProcess.require(
            enter + ["del", "\(route.destination)", "dev", route.interface], failing: "cannot delete a route")
        // Under the mark by which Warren knows its own: what a gateway that was restored from an old disk may have.
        try await ChildProcess.require(
            enter + ["add", stray, "dev", route.interface, "proto", "186", "metric", "186"], failing: "cannot add a route")
        let start = ContinuousClock.now
        try await expectDrift(
            of: name,
            saying: [
                "the route to \(route.destination) by \(route.interface) is missing",
                "the route to \(stray) by \(route.interface) is not in the plan",
            ])
        let told = ContinuousClock.now - start
        try await restartAgent(of: steady)
        try await expectDrift(of: name, saying: [])
        let left = try await ChildProcess.require(enter + ["show", stray], failing: "cannot read routes")
        guard left.isEmpty else { throw LabError(.failed, "a route that nobody wants is still there", details: left) }
        return ["told as drift after \(Self.text(told)), repaired by the agent that may"]
    }

    private func restartAgent(of site: LabTopology.SiteWorld, _ options: [String] = []) async throws {
        try await lab.end("warren-agent", in: site.gatewayNamespace, signal: SIGTERM)
        try await awaitConnected(site.name, false)
        try lab.startAgent(of: site, options)
        try await awaitConnected(site.name, true)
    }

    private func awaitConnected(_ name: SiteName, _ isConnected: Bool) async throws {
        try await awaitCondition(
            "the agent of '\(name)' \(isConnected ? "connects" : "is gone")", within: Self.patience
        ) {
            try await status().sites.first { $0.site == name }?.connected == isConnected ? true : nil
        }
    }

    /// What `warren drift` says of the one site that drifts, and how it ends; no sentences: that none does.
    private func expectDrift(of name: SiteName, saying sentences: [String]) async throws {
        let command = [lab.programs.binary("warren"), "drift", "--detailed-exitcode", "--socket", lab.programs.apiSocket]
        let status: Int32 = sentences.isEmpty ? 0 : 2
        let output =
            sentences.isEmpty ? "every gateway is as it shall be\n" : "\(name)\n" + sentences.map { "  \($0)\n" }.joined()
        try await awaitCondition("'warren drift' ends with \(status)", within: Self.patience) {
            let said = try await ChildProcess.run(command)
            return said.status == status && said.output == output ? true : nil
        }
    }

    /// Two rotations later, from the disk of another machine, so to speak: all that is left is the backup.
    func restore() async throws -> [String] {
        let state = lab.programs.controllerState, backup = "\(lab.names.directory)/backup"
        unlink(backup)
        try await run("backup", "--state", state, "--output", backup)
        let saved = try await ask { try await $0.currentGeneration() }
        for _ in 0..<2 { try await complete(try await ask { try await $0.rotateKeys(of: nil, strategy: Self.strategy) }) }
        let before = try await status()
        let newest = before.sites.compactMap(\.version).max() ?? .none
        guard newest.generation > saved else { throw LabError(.failed, "the mesh did not go on after the backup") }
        try await lab.end("warrend", in: lab.names.controller, signal: SIGKILL)
        try FileManager.default.removeItem(atPath: state)
        try await run("restore", "--state", state, backup)
        unlink(backup)
        try await lab.startController()
        let start = ContinuousClock.now
        try await awaitCondition("every gateway runs generation \(saved) in the new epoch", within: Self.patience) {
            try await status().sites.allSatisfy { site in
                site.version.map { $0.epoch > newest.epoch && $0.generation == saved } ?? false
            } ? true : nil
        }
        let taken = ContinuousClock.now - start
        try await awaitWell()
        // It is a controller as any other: the next generation is rolled out.
        try await complete(try await ask { try await $0.rotateKeys(of: nil, strategy: Self.strategy) })
        return ["back from \(newest) to generation \(saved), which ran everywhere after \(Self.text(taken))"]
    }

    private func run(_ arguments: String...) async throws {
        try await ChildProcess.require(
            [lab.programs.binary("warren")] + arguments, failing: "'warren \(arguments.first ?? "")' failed")
    }
}

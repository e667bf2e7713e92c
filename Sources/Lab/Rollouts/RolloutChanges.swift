import Foundation
import Glibc
import WarrenAPIModel
import WarrenClient
import WarrenModel

/// What each scenario does to the mesh. Each answers with what else it saw, and fails when that is not what it must be.
extension LabRollouts {
    /// What must be there before the streams begin.
    func prepare(_ scenario: RolloutScenario) async throws {
        if scenario == .siteLeaves, !mesh.hasJoined {
            _ = try await join()
            try await awaitWell()
        }
    }

    func perform(_ scenario: RolloutScenario) async throws -> [String] {
        switch scenario {
        case .keysRotate: try await rotate()
        case .siteJoins: try await join()
        case .modeChanges: try await changeMode()
        case .gatewayCutOff: try await cutOff()
        case .addressWrong: try await misplace()
        case .siteDrains: try await drain()
        case .rollsBack: try await rollBack()
        case .controllerKilled: try await killController()
        case .agentKilled: try await killAgent()
        case .addressMoves: try await move()
        case .siteLeaves: try await leave()
        case .hardwareReplaced: try await replaceHardware()
        case .agentRevoked: try await revoke()
        case .changedByHand: try await changeByHand()
        case .stateRestored: try await restore()
        }
    }

    private func rotate() async throws -> [String] {
        let before = try await associations()
        try await complete(try await ask { try await $0.rotateKeys(of: nil, strategy: Self.strategy) })
        return [try await renewed(before)]
    }

    /// Every SA must be another than before.
    private func renewed(_ before: Set<SPI>) async throws -> String {
        let after = try await awaitCondition("every SA is a new one", within: .seconds(10)) {
            let after = try await associations()
            return after.isEmpty || !after.isDisjoint(with: before) ? nil : after
        }
        return "\(before.count) SAs before, \(after.count) others after"
    }

    func join() async throws -> [String] {
        let newcomer = try site(RolloutMesh.joining)
        mesh.hasJoined = true
        try await complete(try await apply(mesh))
        return [try await enrolAndStart(newcomer)]
    }

    /// Returns once the site's links are up, by none of the `former` SAs; says how long that took.
    func enrolAndStart(_ site: LabTopology.SiteWorld, former: Set<SPI> = []) async throws -> String {
        try await lab.enrol([site])
        try lab.startAgent(of: site)
        let start = ContinuousClock.now
        try await awaitCondition("the links of '\(site.name)' are up", within: Self.patience) { () -> Bool? in
            let links = try await status().activeLinks.filter { $0.link.sites.contains(site.name) }
            guard links.count == declared.count - 1, links.allSatisfy(\.isWell) else { return nil }
            return try await associations(of: [site.name]).allSatisfy { !former.contains($0.spi) } ? true : nil
        }
        return "its \(declared.count - 1) links were up \(Self.text(ContinuousClock.now - start)) after its agent was started"
    }

    private func toggleMode() async throws -> Generation {
        mesh.mode = mesh.mode == .tunnel ? .transport : .tunnel
        return try await apply(mesh)
    }

    private func changeMode() async throws -> [String] {
        let before = try await associations()
        try await complete(try await toggleMode())
        return ["to \(mesh.mode.rawValue) mode", try await renewed(before)]
    }

    private func rollBack() async throws -> [String] {
        let from = try await ask { try await $0.currentGeneration() }, mode = mesh.mode
        try await complete(try await toggleMode())
        let before = try await associations()
        try await complete(try await ask { try await $0.rollBack(to: from, strategy: Self.strategy) })
        mesh.mode = mode
        return [try await renewed(before)]
    }

    private func drain() async throws -> [String] {
        let name = try site(RolloutMesh.steady).name
        try await complete(try await ask { try await $0.order(.drain, of: name, strategy: Self.strategy) })
        let left = try await status().activeLinks.filter { $0.link.sites.contains(name) }
        guard left.isEmpty else { throw LabError(.failed, "'\(name)' is drained and still has \(left.count) links") }
        try await complete(try await ask { try await $0.order(.undrain, of: name, strategy: Self.strategy) })
        return []
    }

    private func leave() async throws -> [String] {
        let leaving = try site(RolloutMesh.joining), index = lab.topology.sites.count
        mesh.hasJoined = false
        try await complete(try await apply(mesh))
        for peer in declared {
            let report = try await ask { try await $0.report(of: peer.name) }
            guard !report.securityAssociations.contains(where: { $0.peer == leaving.name }),
                !report.tunnels.contains(where: { $0.tunnel.peer == leaving.name })
            else { throw LabError(.failed, "'\(peer.name)' still has a tunnel or SAs to '\(leaving.name)'") }
            let devices = try await ChildProcess.require(
                ["ip", "-n", peer.gatewayNamespace, "-br", "link"], failing: "cannot list devices")
            guard !devices.split(separator: "\n").contains(where: { $0.hasPrefix("gif\(index) ") }) else {
                throw LabError(.failed, "'\(peer.name)' still has the device gif\(index)", details: devices)
            }
        }
        try await lab.end("warren-agent", in: leaving.gatewayNamespace, signal: SIGTERM)
        try? FileManager.default.removeItem(atPath: lab.programs.stateDirectory(of: leaving))
        return ["no peer has a tunnel, device or SA of it"]
    }

    static func text(_ duration: Duration) -> String {
        let tenths = duration.components.seconds * 10 + duration.components.attoseconds / 100_000_000_000_000_000
        return "\(tenths / 10).\(tenths % 10) s"
    }
}

import Glibc
import WarrenClient
import WarrenModel
import WarrenStatus

/// What the lab can show without anybody's help, step by step; it fails at the first thing that does not hold.
public struct LabDemonstration: Sendable {
    /// What a person is shown between the steps; the caller knows how it should look.
    public enum Exhibit: Sendable {
        case status(MeshStatus)
        case report(AgentReport)
        case verification(LabVerification)
    }

    let lab: Lab
    let show: @Sendable (Exhibit) -> Void
    let step: @Sendable (String) -> Void

    public init(_ lab: Lab, step: @escaping @Sendable (String) -> Void, show: @escaping @Sendable (Exhibit) -> Void) {
        self.lab = lab
        self.step = step
        self.show = show
    }

    /// Raises the lab, proves it, and takes it down either way.
    public func run() async throws {
        step("raising \(lab.topology.sites.count) sites in network namespaces")
        try await lab.raise()
        do {
            try await prove()
        } catch {
            await lab.removeAfterFailure()
            throw error
        }
        step("taking everything down")
        try await Lab.takeDown(lab.names)
        guard !LabStatus(lab.names).isUp else { throw LabError(.failed, "namespaces are left behind") }
    }

    private func prove() async throws {
        step("waiting until all \(lab.links.count) links are up, proven by both ends and a probe")
        try await awaitLinks()
        step("pinging between all hosts while every frame on the internet is captured")
        try await verify()
        try await showOneGateway()
        let before = try await associations()

        step("stopping the controller: tunnels must not care")
        try await lab.stopController()
        try await verify()

        let site = lab.topology.sites[0]
        step("killing and restarting the agent of \(site.name), still without a controller: tunnels must not care")
        try await lab.end("warren-agent", in: site.gatewayNamespace, signal: SIGKILL)
        try lab.startAgent(of: site)
        try await verify()

        step("starting the controller again")
        try await lab.startController()
        try await lab.awaitSessions()
        try await awaitLinks()
        let after = try await associations()
        guard before == after else {
            throw LabError(.failed, "security associations changed: \(before.symmetricDifference(after).count) differ")
        }
        step("the same \(after.count) security associations as before, on both ends of every link")
    }

    private func awaitLinks() async throws {
        let outcome = try await ControllerClient.withClient(of: lab.controllerAddress) { client in
            try await client.awaitWell(try await client.status().generation, within: .seconds(60))
        }
        switch outcome {
        case .well(let status): show(.status(status))
        case .late(let status), .superseded(let status):
            show(.status(status))
            throw LabError(.late, "not every link is up within 60 s")
        }
    }

    private func verify() async throws {
        let verification = try await lab.verify()
        show(.verification(verification))
        guard verification.holds else { throw LabError(.failed, "the lab does not do what it promises") }
    }

    private func showOneGateway() async throws {
        let site = lab.topology.sites[0].name
        step("the tunnels and security associations of \(site)")
        show(.report(try await ControllerClient.withClient(of: lab.controllerAddress) { try await $0.report(of: site) }))
    }

    private struct Association: Hashable {
        let site: SiteName
        let peer: SiteName
        let direction: SecurityPolicy.Direction
        let spi: SPI
    }

    /// Every security association of every gateway.
    private func associations() async throws -> Set<Association> {
        let sites = lab.topology.sites.map(\.name)
        return try await ControllerClient.withClient(of: lab.controllerAddress) { client in
            var all: Set<Association> = []
            for site in sites {
                for association in try await client.report(of: site).securityAssociations {
                    all.insert(
                        Association(
                            site: site, peer: association.peer, direction: association.direction, spi: association.spi))
                }
            }
            return all
        }
    }
}

import Foundation
import Glibc
import WarrenAPIModel
import WarrenClient
import WarrenInventory
import WarrenModel
import WarrenPlan
import WarrenStatus

/// Changes a running mesh in every way there is, with real packets on every link meanwhile, and counts what was lost.
///
/// One mesh goes through all scenarios, each beginning and ending with every link up. `RolloutChanges` says what each does.
public actor LabRollouts {
    let lab: Lab
    /// What the current generation declares.
    var mesh: RolloutMesh
    let say: @Sendable (String) -> Void

    static let patience = Duration.seconds(60)
    /// Short times, for everything is near; the moving site is no canary.
    static let strategy = APIMessage.Strategy(
        confirmTimeoutSeconds: 10, waveTimeoutSeconds: 30, settleSeconds: 1, lateAfterSeconds: 5)

    /// - Parameters:
    ///   - name: of the mesh, and so of the lab.
    ///   - say: takes one line per step, for a person.
    public init(mesh name: String, programDirectory: String, say: @escaping @Sendable (String) -> Void) throws {
        mesh = RolloutMesh(name: name)
        var world = mesh
        world.hasJoined = true
        lab = try Lab(
            try mesh.inventory(), files: mesh.files, world: try world.inventory(), programDirectory: programDirectory, say: say)
        self.say = say
    }

    /// Raises the mesh, takes it through the scenarios, and takes it down either way. Ends early after one that leaves the
    /// mesh unwell.
    public func run(
        _ scenarios: [RolloutScenario], show: @Sendable (RolloutResult) -> Void = { _ in }
    ) async throws -> [RolloutResult] {
        try await lab.raise()
        var results: [RolloutResult] = []
        do {
            try await awaitWell()
            for scenario in scenarios {
                say("\(scenario.rawValue): \(scenario.title)")
                let result = try await run(scenario)
                show(result)
                let lost = result.lostCount == 0 ? "nothing" : "\(result.lostCount) echoes"
                say("  \(result.holds ? "holds" : "FAILS") after \(Self.text(.seconds(result.seconds))), lost \(lost)")
                for line in result.faults + result.notes { say("  \(line)") }
                results.append(result)
                if try await !status().isWell { break }
            }
        } catch {
            await lab.removeAfterFailure()
            throw error
        }
        try await Lab.takeDown(lab.names)
        return results
    }

    private func run(_ scenario: RolloutScenario) async throws -> RolloutResult {
        try await prepare(scenario)
        let capture = try await BridgeCapture.start(lab.names)
        let streams: LinkStreams
        do {
            streams = try LinkStreams(lab, over: try checks(staying: scenario))
        } catch {
            capture.abandon()
            throw error
        }
        var notes: [String] = [], faults: [String] = []
        let start = ContinuousClock.now
        do {
            notes = try await perform(scenario)
            try await awaitWell()
        } catch is CancellationError {
            streams.abandon()
            capture.abandon()
            throw CancellationError()
        } catch {
            faults.append("\(error)")
        }
        let duration = ContinuousClock.now - start
        do {
            let outcomes = try await streams.end()
            let frames = try await capture.finish()
            return result(of: scenario, duration, outcomes, frames, notes, faults)
        } catch {
            streams.abandon()
            capture.abandon()
            throw error
        }
    }

    private func result(
        of scenario: RolloutScenario, _ duration: Duration, _ outcomes: [LinkStreams.Outcome], _ frames: [PacketCapture.Frame],
        _ notes: [String], _ faults: [String]
    ) -> RolloutResult {
        var classifier = lab.classifier(also: [Self.movedAddress])
        var violations: [String] = [], violationCount = 0
        for (index, frame) in frames.enumerated() {
            do {
                _ = try classifier.classify(frame.bytes)
            } catch {
                violationCount += 1
                if violationCount <= LabVerification.describedViolations { violations.append("frame \(index + 1): \(error)") }
            }
        }
        func isExempt(_ outcome: LinkStreams.Outcome) -> Bool {
            scenario.exempt.contains(outcome.from.description) || scenario.exempt.contains(outcome.to.description)
        }
        let onPurpose = outcomes.filter(isExempt).reduce(0) { $0 + $1.lost.count }
        var lost: [String: Int] = [:], faults = faults, notes = notes
        for outcome in outcomes where !isExempt(outcome) && !outcome.lost.isEmpty {
            let way = "\(outcome.from) to \(outcome.to)"
            lost[way, default: 0] += outcome.lost.count
            notes.append("\(way): lost \(outcome.lost.first ?? 0) … \(outcome.lost.last ?? 0) of \(outcome.sent)")
        }
        if !scenario.exempt.isEmpty, onPurpose == 0 { faults.append("nothing was lost where the links were taken away") }
        let seconds = Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
        return RolloutResult(
            scenario: scenario, seconds: seconds, streams: outcomes.count, sent: outcomes.reduce(0) { $0 + $1.sent },
            lost: lost, lostOnPurpose: onPurpose, repeated: outcomes.reduce(0) { $0 + $1.repeated }, frames: frames.count,
            violations: violations, violationCount: violationCount, notes: notes, faults: faults)
    }

    /// What a packet can be sent over before the scenario and after it.
    private func checks(staying scenario: RolloutScenario) throws -> [ReachabilityCheck] {
        var staying = mesh
        if scenario == .siteLeaves { staying.hasJoined = false }
        let plan = Plan.derive(from: try staying.inventory(), assignments: Assignments(addresses: lab.topology.given))
        return lab.topology.reachabilityChecks(in: plan)
    }

    // MARK: What scenarios are made of

    func ask<Answer: Sendable>(_ body: @Sendable (ControllerClient) async throws -> Answer) async throws -> Answer {
        try await ControllerClient.withClient(of: lab.controllerAddress, body)
    }

    func status() async throws -> MeshStatus { try await ask { try await $0.status() } }

    func site(_ name: String) throws -> LabTopology.SiteWorld {
        guard let site = lab.topology.sites.first(where: { $0.name.description == name }) else {
            throw LabError(.usage, "the lab has no site '\(name)'")
        }
        return site
    }

    /// The sites that the current generation declares.
    var declared: [LabTopology.SiteWorld] {
        lab.topology.sites.filter { mesh.hasJoined || $0.name.description != RolloutMesh.joining }
    }

    func awaitWell() async throws {
        let last = try await ask { client -> MeshStatus? in
            let outcome = try await client.awaitWell(try await client.status().generation, within: Self.patience)
            guard case .well = outcome else { return try await client.status() }
            return nil
        }
        guard let last else { return }
        let links = last.activeLinks.filter { $0.state != .up }.map { "\($0.link): \($0.state.rawValue)" }
        let sites = last.sites.filter { $0.failure != nil || !$0.connected || !$0.drift.isEmpty }.map {
            "\($0.site): \($0.failure ?? ($0.connected ? $0.drift.joined(separator: ", ") : "not connected"))"
        }
        throw LabError(.late, "the mesh is not well within \(Self.patience)", details: (links + sites).joined(separator: "\n"))
    }

    /// Waits until nothing is rolled out any more, and answers with the roll-out that was the last.
    func awaitEnd(of generation: Generation) async throws -> APIMessage.RolloutStatus {
        try await ask { client in
            try await awaitCondition("the roll-out to generation \(generation) ends", within: .seconds(120)) {
                let rollout = try await client.currentRollout()
                guard rollout.generation >= generation else { return nil }
                switch rollout.view.status {
                case .completed, .aborted, .halted: return rollout
                case .running, .waiting, .paused, .rolledBack: return nil
                }
            }
        }
    }

    /// Waits until the generation runs everywhere; fails when it does not come through.
    func complete(_ generation: Generation) async throws {
        let end = try await awaitEnd(of: generation)
        guard end.generation == generation, end.view.status == .completed else {
            let undone = try await ask { try await $0.rollout(of: generation) }
            throw LabError(
                .failed, "the roll-out to generation \(generation) did not come through: \(undone.view.status.rawValue)",
                details: undone.view.reason ?? end.view.reason)
        }
    }

    func apply(_ mesh: RolloutMesh, _ strategy: APIMessage.Strategy = strategy) async throws -> Generation {
        try await ask { client in
            try await client.apply(mesh.files, expected: try await client.currentGeneration(), strategy: strategy)
        }
    }

    /// What the gateways of these sites report.
    func associations(of sites: [SiteName]) async throws -> [SAReport] {
        try await ask { client in
            var all: [SAReport] = []
            for site in sites { all += try await client.report(of: site).securityAssociations }
            return all
        }
    }

    func associations() async throws -> Set<SPI> { Set(try await associations(of: declared.map(\.name)).map(\.spi)) }
}

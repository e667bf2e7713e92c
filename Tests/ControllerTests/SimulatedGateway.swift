import AgentCore
import Foundation
import GRPCCore
import WarrenModel
import WarrenPlan
import WarrenWire

@testable import WarrenController

/// A gateway that does what a real agent does on its streams, and has no data plane: it tries what it is offered, opens a new
/// stream, keeps what is confirmed there, and reports its links as if each tunnel stood that its peer has too.
actor SimulatedGateway {
    struct Memory: Sendable {
        var good: DesiredState?
        var trial: DesiredState?
        var rejected: StateVersion?
        var running: DesiredState? { trial ?? good }
    }

    let name: SiteName
    private let identity: TestAgent
    private(set) var memory = Memory()
    private(set) var endings: [RPCError.Code] = []
    /// What it was told at the end of its last stream that ended in an error.
    private(set) var lastWords = ""
    /// Every state that it began to run, in order, with whether that was a trial.
    private(set) var ran: [(state: DesiredState, isTrial: Bool)] = []
    private let log: RunLog
    /// Refuses what this says.
    private var refuses: @Sendable (DesiredState) -> Bool = { _ in false }
    /// Opens no stream after a trial has begun.
    private var isHeld = false
    private var outerAddresses: [IPAddress] = []

    init(_ name: SiteName, identity: TestAgent, log: RunLog) {
        self.name = name
        self.identity = identity
        self.log = log
    }

    func refuse(_ what: @escaping @Sendable (DesiredState) -> Bool) { refuses = what }
    func hold(_ isHeld: Bool) { self.isHeld = isHeld }
    func say(_ addresses: [IPAddress]) { outerAddresses = addresses }

    /// Keeps a stream open until cancelled, or refused for good.
    func run(at port: Int) async {
        while !Task.isCancelled {
            do {
                try await stream(at: port)
            } catch let error as RPCError {
                endings.append(error.code)
                lastWords = error.message
                if error.code == .unauthenticated { return }
            } catch {}
            if isHeld, memory.trial != nil { return }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    private func stream(at port: Int) async throws {
        let transport = try TestAgent.transport(port: port, trusting: identity.authority, identity: identity)
        let hello = hello
        try await withGRPCClient(transport: transport) { client in
            try await Warren_Agent_V1_AgentLink.Client(wrapping: client).sync { writer in
                try await writer.write(hello)
                while !Task.isCancelled {
                    try await writer.write(await self.report)
                    try await Task.sleep(for: .milliseconds(100))
                }
            } onResponse: { response in
                for try await message in response.messages where try await self.take(message) { return }
            }
        }
    }

    private var hello: Warren_Agent_V1_AgentMessage {
        .with {
            $0.hello.protocolVersion = WireVersion.current.wire
            $0.hello.applied = (memory.running?.version ?? .none).wire
            $0.hello.onTrial = memory.trial != nil
        }
    }

    /// Whether the stream must be opened anew.
    private func take(_ message: Warren_Agent_V1_ControllerMessage) throws -> Bool {
        if case .confirmed(let wire)? = message.body {
            guard let trial = memory.trial, trial.version == StateVersion(wire: wire) else { return false }
            memory.good = trial
            memory.trial = nil
            return false
        }
        let desired = try DesiredState(wire: message.desired)
        if desired.version == memory.running?.version { memory.rejected = nil }
        guard desired.version != memory.running?.version, desired.version != memory.rejected else { return false }
        if refuses(desired) {
            memory.rejected = desired.version
            return false
        }
        let isTrial = message.trialSeconds > 0
        ran.append((desired, isTrial))
        log.append(name, desired.version)
        if let rejected = memory.rejected, rejected < desired.version { memory.rejected = nil }
        if isTrial {
            memory.trial = desired
            return true
        }
        memory.good = desired
        memory.trial = nil
        return false
    }

    private var report: Warren_Agent_V1_AgentMessage {
        let plan = memory.running?.plan
        let associations = (plan?.tunnels ?? []).flatMap { tunnel in
            [SecurityPolicy.Direction.outbound, .inbound].map { direction in
                SAReport(
                    peer: tunnel.peer, direction: direction,
                    spi: Self.spi(direction == .outbound ? (name, tunnel.peer) : (tunnel.peer, name)), encryption: .aes256gcm16,
                    extendedSequenceNumbers: true, mode: tunnel.mode, outer: tunnel.outer, ageSeconds: 1, packets: 1, bytes: 1,
                    rekeyInSeconds: 1)
            }
        }
        let report = AgentReport(
            site: name, agentVersion: "test", version: memory.running?.version ?? .none, isOnTrial: memory.trial != nil,
            rejected: memory.rejected, outerAddresses: outerAddresses,
            tunnels: (plan?.tunnels ?? []).map { TunnelReport(tunnel: $0, isUp: true) }, securityAssociations: associations,
            probes: (plan?.tunnels ?? []).map { ProbeReport(peer: $0.peer, lastAnswerSecondsAgo: 0, sent: 1, answered: 1) },
            failure: memory.rejected.map { "refused \($0)" })
        return .with { $0.report = report.wire }
    }

    /// The same at both ends.
    private static func spi(_ way: (SiteName, SiteName)) -> SPI {
        let hash = "\(way.0)>\(way.1)".utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        return SPI(rawValue: max(hash, 256))
    }
}

/// What a fleet began to run, in order.
final class RunLog: Sendable {
    private let entries = Mutable<[(site: String, version: StateVersion)]>([])
    func append(_ site: SiteName, _ version: StateVersion) {
        entries.mutate { $0.append((site.description, version)) }
    }
    var all: [(site: String, version: StateVersion)] { entries.value }
    /// The sites that began to run something of the generation, in order.
    func sites(in generation: UInt64) -> [String] {
        all.filter { $0.version.generation.rawValue == generation }.map(\.site)
    }
}

/// A mesh whose gateways are simulated, and all connected.
struct SimulatedFleet: Sendable {
    let mesh: TestMesh
    let gateways: [String: SimulatedGateway]
    let log: RunLog

    subscript(name: String) -> SimulatedGateway { gateways[name]! }

    /// Quick, for gateways that answer at once.
    static let strategy = RolloutStrategyForTests.quick

    /// Lends a fleet that runs `files`, with every link up.
    static func with(
        _ names: [String], files: [InventoryFileForTests]? = nil, offline: Set<String> = [],
        options: Controller.Options = .init(),
        _ body: @Sendable (SimulatedFleet) async throws -> Void
    ) async throws {
        try await TestMesh.with([], options: options) { mesh in
            _ = try await mesh.controller.accept(files ?? TestMesh.inventory(names), expecting: .none)
            let log = RunLog()
            var gateways: [String: SimulatedGateway] = [:]
            for name in names {
                gateways[name] = SimulatedGateway(try mesh.site(name), identity: try await mesh.enrolled(name), log: log)
            }
            let fleet = SimulatedFleet(mesh: mesh, gateways: gateways, log: log)
            try await fleet.whileRunning(Set(names).subtracting(offline)) {
                if offline.isEmpty { try await fleet.until { $0.isWell } }
                try await body(fleet)
            }
        }
    }

    func whileRunning(_ names: Set<String>, _ body: @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for name in names {
                let gateway = self[name], port = mesh.linkPort
                group.addTask { await gateway.run(at: port) }
            }
            defer { group.cancelAll() }
            try await body()
        }
    }
}

import Crypto
import Foundation
import Logging
import WarrenInventory
import WarrenKeys
import WarrenModel
import WarrenPlan
import WarrenStatus
import WarrenStore
import WarrenWire

/// The mesh's one authority: accepts inventories, knows every agent, and tells what state the mesh is in.
///
/// Operators come in through `WarrenAPI`, agents through `AgentListeners`; both only translate. All that an answer promises
/// is in the store before the answer is given; sessions and reports live in memory, and come back as agents reconnect.
public actor Controller {
    public static let version = "0.1.0"
    /// The version of the agents' protocol that is served.
    public static let agentProtocol = Wire.protocolVersion

    public struct Options: Sendable {
        /// DNS names and IP addresses, beside `Wire.serverName`, that the controller's certificate is for.
        public var names: [String]
        /// `HOST:PORT` of the enrolment listener as gateways reach it; put into tokens.
        public var enrolmentAddress: String?
        public var clock: ControllerClock

        public init(names: [String] = [], enrolmentAddress: String? = nil, clock: ControllerClock = .system) {
            self.names = names
            self.enrolmentAddress = enrolmentAddress
            self.clock = clock
        }
    }

    /// The accepted generation that every gateway shall run. Plans are derived when they are asked for, one gateway at a time.
    struct Current: Sendable {
        let generation: Generation
        let assignments: Assignments
        let mesh: MeshDerivation
    }

    /// An agent's last report, and when it came.
    struct Arrival: Sendable {
        let report: AgentReport
        let at: MonotonicTime
    }

    public nonisolated let authority: CertificateAuthority
    public nonisolated let state: StateDirectory
    public nonisolated let options: Options
    nonisolated let store: MeshStore
    nonisolated let secret: MeshSecret
    nonisolated let log: Logger
    var current: Current?
    var sites: SiteTable
    var sessions: [SiteID: Session] = [:]
    var arrivals: [SiteID: Arrival] = [:]

    /// Opens the state in `directory`, making what is missing at the first start.
    public init(directory: String, options: Options = Options(), log: Logger) async throws {
        state = try StateDirectory(path: directory)
        authority = try CertificateAuthority(in: state, now: options.clock.date())
        secret = try MeshSecret(in: state)
        store = MeshStore(try SQLiteStore(path: state.file("warrend.sqlite")))
        self.options = options
        self.log = log
        sites = SiteTable(try await store.sites())
        let generation = try await store.current()
        if generation > .none {
            guard let record = try await store.generation(generation) else {
                throw ControllerError.failed("the current generation \(generation) is missing from the store")
            }
            let mesh = try Self.mesh(of: record)
            current = Current(generation: generation, assignments: record.assignments, mesh: mesh)
        }
    }

    var now: Date { options.clock.date() }

    // MARK: What operators ask

    /// What would change if `files` were accepted now, and the generation that this is counted from.
    public func preview(_ files: [InventoryFile]) throws -> (current: Generation, changes: [Change]) {
        let candidate = try candidate(files)
        return (current?.generation ?? .none, MeshDerivation.changes(from: current?.mesh, to: candidate.mesh))
    }

    /// Makes `files` the next generation, and pushes it to every agent that is connected. Durable when this returns.
    ///
    /// - Parameter assignments: what the sites and links shall have; nil: what they have now.
    public func accept(
        _ files: [InventoryFile], assignments: Assignments? = nil, expecting expected: Generation
    ) async throws -> Generation {
        // In a task of its own: a caller who goes away must not end it between the store and this memory.
        try await Task { try await self.take(files, assignments, expecting: expected) }.value
    }

    private func take(
        _ files: [InventoryFile], _ assignments: Assignments?, expecting expected: Generation
    ) async throws -> Generation {
        guard expected == current?.generation ?? .none else {
            throw ControllerError.generationConflict(current: current?.generation ?? .none)
        }
        let candidate = try candidate(files, assignments: assignments)
        let mesh = candidate.mesh, changed = candidate.changedSites
        let record = GenerationRecord(
            generation: expected.next, mesh: mesh.mesh, files: files, assignments: candidate.assignments,
            siteCount: mesh.count, acceptedAt: now)
        let withdrawn = withdrawn(changed)
        // Read first: once the generation is stored, nothing may fail before this memory has it, too.
        let before = try await translatingStoreErrors { try await store.sites() }
        try await translatingStoreErrors {
            try await store.accept(record, sites: changed, withdrawn: withdrawn, expecting: expected)
        }
        let replaced = Set(changed.map(\.id))
        guard record.generation > current?.generation ?? .none else { return record.generation }
        current = Current(generation: record.generation, assignments: record.assignments, mesh: mesh)
        sites = SiteTable(before.filter { !replaced.contains($0.id) } + changed)
        for session in sessions.values { session.ring() }
        await note(.generationAccepted, text: "generation \(record.generation) of \(record.siteCount) sites")
        return record.generation
    }

    /// The current generation and its mesh, of which gateways' plans are derived; nil before the first generation.
    public var currentMesh: (generation: Generation, mesh: MeshDerivation)? { current.map { ($0.generation, $0.mesh) } }

    public nonisolated func generations(limit: Int = 100) async throws -> [GenerationRecord] {
        try await translatingStoreErrors { try await store.generations(limit: limit) }
    }

    public nonisolated func generation(_ generation: Generation) async throws -> GenerationRecord? {
        try await translatingStoreErrors { try await store.generation(generation) }
    }

    public nonisolated func events(since number: UInt64, limit: Int = 1000) async throws -> [EventRecord] {
        try await translatingStoreErrors { try await store.events(since: number, limit: limit) }
    }

    /// The last report of a site's agent; nil when none has come since the controller started.
    public func report(of site: SiteName) throws -> AgentReport? {
        guard let record = sites.live[site] else { throw ControllerError.unknownSite(site) }
        return arrivals[record.id]?.report
    }

    /// The state of the mesh. Worked out outside the actor: a large mesh takes a moment, in which agents are served.
    public nonisolated func status() async -> MeshStatus {
        let (current, observations) = await observations()
        return MeshStatus.derive(
            mesh: current?.mesh.mesh ?? "", generation: current?.generation ?? .none, sites: current?.mesh.sites ?? [],
            links: current?.mesh.linkIDs ?? [], observations: observations, now: options.clock.monotonic())
    }

    private func observations() -> (current: Current?, observations: [SiteName: AgentObservation]) {
        var observations: [SiteName: AgentObservation] = [:]
        for record in sites.live.values {
            let arrival = arrivals[record.id]
            observations[record.name] = AgentObservation(
                connected: sessions[record.id] != nil, report: arrival?.report, arrived: arrival?.at)
        }
        return (current, observations)
    }

    // MARK: Parts

    /// Writes an event, also when the call that it tells of was cancelled. One that can't be written is logged instead: it
    /// never fails what it tells of.
    nonisolated func note(_ kind: EventRecord.Kind, site: SiteName? = nil, text: String) async {
        log.info("\(text)", metadata: ["event": "\(kind.rawValue)", "site": "\(site.map(\.description) ?? "-")"])
        let event = EventRecord(at: options.clock.date(), kind: kind, site: site, text: text)
        do {
            try await Task { try await store.append(event) }.value
        } catch {
            log.error("an event could not be stored", metadata: ["error": "\(error)"])
        }
    }

    nonisolated func translatingStoreErrors<Value: Sendable>(
        _ body: @Sendable () async throws -> Value
    ) async throws(ControllerError) -> Value {
        do {
            return try await body()
        } catch let error as StoreError {
            switch error {
            case .generationConflict(let current): throw .generationConflict(current: Generation(rawValue: current))
            case .tokenUnknown: throw .unauthenticated("\(error)")
            case .tokenUsed, .tokenExpired: throw .forbidden("\(error)")
            case .conflict, .corrupt, .failed: throw .failed("\(error)")
            }
        } catch {
            throw .failed("\(error)")
        }
    }
}

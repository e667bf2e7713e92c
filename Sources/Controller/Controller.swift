import Crypto
import Foundation
import Logging
import WarrenInventory
import WarrenKeys
import WarrenModel
import WarrenPlan
import WarrenRollout
import WarrenStatus
import WarrenStore
import WarrenWire

/// The mesh's one authority: accepts inventories, rolls them out, knows every agent, and tells what state the mesh is in.
///
/// Operators come in through `WarrenAPI`, agents through `AgentListeners`; both only translate. What is decided is decided by
/// `MeshControl`, a value; this is the shell around it: the store, the sessions, the keys and the clock. All that an answer
/// promises is in the store before the answer is given; sessions and reports live in memory, and come back as agents reconnect.
public actor Controller {
    public static let version = ProgramVersion.text
    /// The version of the agents' protocol that is served.
    public static let agentProtocol = "\(WireVersion.current)"

    public struct Options: Sendable {
        /// DNS names and IP addresses, beside `Wire.serverName`, that the controller's certificate is for.
        public var names: [String]
        /// `HOST:PORT` of the enrolment listener as gateways reach it; put into tokens.
        public var enrolmentAddress: String?
        public var clock: ControllerClock
        /// How many generations before the current one are kept.
        public var generationsKept: UInt64
        /// How long an agent's certificate holds, in seconds; the agent renews it in the last third.
        public var agentLifetime: TimeInterval
        /// How far the history of links and events reaches back, in seconds.
        public var historyRetention: TimeInterval
        /// Looks up the addresses of a DNS name; empty when it has none, or nobody answers.
        public var lookUp: @Sendable (String) async -> [IPAddress]
        /// The last lines of the log, for whoever looks for a fault.
        public var recentLog: @Sendable () -> String

        public init(
            names: [String] = [], enrolmentAddress: String? = nil, clock: ControllerClock = .system,
            generationsKept: UInt64 = 100, agentLifetime: TimeInterval = CertificateAuthority.agentLifetime,
            historyRetention: TimeInterval = 60 * 86_400,
            lookUp: @escaping @Sendable (String) async -> [IPAddress] = NameLookup.addresses,
            recentLog: @escaping @Sendable () -> String = { "" }
        ) {
            self.names = names
            self.enrolmentAddress = enrolmentAddress
            self.clock = clock
            self.generationsKept = generationsKept
            self.agentLifetime = agentLifetime
            self.historyRetention = historyRetention
            self.lookUp = lookUp
            self.recentLog = recentLog
        }
    }

    /// An agent's last report, and when it came.
    struct Arrival: Sendable {
        let report: AgentReport
        let at: MonotonicTime
    }

    public nonisolated let authority: CertificateAuthority
    public nonisolated let state: StateDirectory
    public nonisolated let options: Options
    /// Who operators are.
    public nonisolated let access: AccessControl
    nonisolated let store: MeshStore
    nonisolated let secret: MeshSecret
    nonisolated let log: Logger
    nonisolated let turnstile = Turnstile()
    nonisolated let journal: EventJournal
    var decisions: Decisions
    var owedRollBack: OwedRollBack?
    /// The roll-out that `control` leads, or led last, as it was last kept for people.
    var rolloutRecord: RolloutRecord?
    var sites: SiteTable
    var enrolled: Set<SiteID>
    var sessions: [SiteID: Session] = [:]
    var arrivals: [SiteID: Arrival] = [:]
    /// Which links are up, for roll-outs.
    var links = LinkWatch()
    /// How every link stands, for people.
    var tracker = LinkTracker()
    /// The mesh whose links `tracker` follows.
    var followed: FollowedMesh?
    let history: LinkHistory
    nonisolated let feed = MeshFeed()
    var observing = Observing()
    /// Grows whenever `control` may have changed.
    var changeCount: UInt64 = 0
    /// The end of the queue of those who change `control`.
    private var queue: Task<Void, Never>?

    /// Opens the state in `directory`, making what is missing at the first start.
    public init(directory: String, options: Options = Options(), log: Logger) async throws {
        try await self.init(directory: directory, options: options, log: log) { try SQLiteStore(path: $0) }
    }

    /// The same with the store that `open` makes of a file's path.
    init(
        directory: String, options: Options = Options(), log: Logger, open: @Sendable (String) throws -> any Store
    ) async throws {
        state = try StateDirectory(path: directory)
        authority = try CertificateAuthority(in: state, now: options.clock.date())
        secret = try MeshSecret(in: state)
        store = MeshStore(try open(state.file("warrend.sqlite")))
        access = try await AccessControl(store: store, clock: options.clock, log: log)
        self.options = options
        self.log = log
        journal = EventJournal(store, feed: feed, log: log)
        history = try LinkHistory(
            path: state.file("history.sqlite"), retention: Int64(clamping: Int(options.historyRetention)))
        sites = SiteTable(try await store.sites())
        enrolled = try await store.enrolledSites()
        let generation = try await store.current(), epoch = try await store.epoch()
        let record = try await store.control() ?? MeshControl.Record(generation, sites: sites.live.keys.sorted(), epoch: epoch)
        var contents: [Generation: MeshContent] = [:]
        for generation in record.generations {
            guard let kept = try await store.generation(generation) else {
                throw ControllerError.failed("generation \(generation), which gateways run, is missing from the store")
            }
            contents[generation] = try Self.content(of: kept)
        }
        decisions = Decisions(MeshControl(record, contents: contents, epoch: epoch))
        rolloutRecord = try await store.rollout(of: generation)
        try await serially { try await self.take([.restarted]) }
    }

    /// Gives the state back, so that it can be opened anew while calls that were made of this value still end. Nothing is asked
    /// of it afterwards.
    public nonisolated func close() { state.release() }

    var now: Date { options.clock.date() }

    /// Runs `body` after all that was handed in before it is done, to its end, also when the caller goes away. Whatever changes
    /// `control` does so in here; never nest it.
    func serially<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let before = queue
        let task = Task {
            await before?.value
            return try await body()
        }
        queue = Task { _ = await task.result }
        return try await task.value
    }

    // MARK: What operators ask

    /// The current generation and its mesh, of which gateways' plans are derived; nil before the first generation.
    public var currentMesh: (generation: Generation, mesh: MeshDerivation)? {
        control.mesh.map { (control.generation, $0) }
    }

    public nonisolated func generations(limit: Int = 100) async throws -> [GenerationRecord] {
        try await translatingStoreErrors { try await store.generations(limit: limit) }
    }

    public nonisolated func generation(_ generation: Generation) async throws -> GenerationRecord? {
        try await translatingStoreErrors { try await store.generation(generation) }
    }

    /// Also those that are being written.
    public nonisolated func events(since number: UInt64, limit: Int = 1000) async throws -> [EventRecord] {
        await journal.flush()
        return try await translatingStoreErrors { try await store.events(since: number, limit: limit) }
    }

    public nonisolated func events(_ query: EventQuery) async throws -> [EventRecord] {
        await journal.flush()
        return try await translatingStoreErrors { try await store.events(query) }
    }

    /// The number of the newest event; 0 when there is none.
    public nonisolated func latestEvent() async throws -> UInt64 {
        await journal.flush()
        return try await translatingStoreErrors { try await store.latestEvent() }
    }

    /// The last report of a site's agent; nil when none has come since the controller started.
    public func report(of site: SiteName) throws -> AgentReport? {
        guard let record = sites.live[site] else { throw ControllerError.unknownSite(site) }
        return arrivals[record.id]?.report
    }

    // MARK: Parts

    /// Tells of something that happened: it is in the log at once, and in the store soon. Events keep their order.
    nonisolated func note(_ kind: EventRecord.Kind, site: SiteName? = nil, text: String) async {
        log.info("\(text)", metadata: ["event": "\(kind.rawValue)", "site": "\(site.map(\.description) ?? "-")"])
        await journal.take(EventRecord(at: options.clock.date(), kind: kind, site: site, text: text))
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
            case .tokenUsed, .tokenReplaced, .tokenExpired: throw .forbidden("\(error)")
            case .conflict, .corrupt, .failed: throw .failed("\(error)")
            }
        } catch {
            throw .failed("\(error)")
        }
    }
}

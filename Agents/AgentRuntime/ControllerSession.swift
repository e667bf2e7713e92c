import AgentCore
import FoundationEssentials
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Logging
import WarrenFailpoints
import WarrenModel
import WarrenWire

/// The agent's standing connection to its controller: desired states come in, reports go out. It is opened again after any
/// loss, with back-off and full jitter; nothing that happens to it touches a tunnel.
public actor ControllerSession {
    /// The certificate was renewed: the next connection shows the new one.
    private struct Renewed: Error {}

    /// What happens to a connection, and after it.
    private enum Turn: Sendable {
        /// It ended, or was never there; nil: to be opened again at once.
        case ended(fault: String?)
        /// The pause after it is over.
        case paused
        /// A new one is to take its place, or to be tried now.
        case replaced
    }

    private let agent: Agent
    private let address: ControllerAddress
    private let directory: StateDirectory
    private let log: Logger
    private var identity: AgentIdentity
    private var backoff: Backoff
    /// When the controller began to answer on this connection; nil until it does.
    private var opened: ContinuousClock.Instant?
    /// A session that ends sooner was none: an agent that is refused or replaced again and again must not hurry.
    private static let settled: Duration = .seconds(5)
    /// The time of a trial is short.
    private static let longestWaitOnTrial: Duration = .seconds(2)
    /// Why the last connection ended, to be logged once.
    private var lastFault: String?

    public init(
        agent: Agent, identity: AgentIdentity, address: ControllerAddress, directory: StateDirectory,
        backoff: Backoff = Backoff(), log: Logger
    ) {
        self.agent = agent
        self.identity = identity
        self.address = address
        self.directory = directory
        self.backoff = backoff
        self.log = log
    }

    /// Keeps a session until the calling task is cancelled.
    public func run() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled { await keepConnection(in: &group) }
            group.cancelAll()
        }
    }

    /// One connection, and the pause after it; ends when another is to be opened. That does not wait for the old one: where
    /// nobody answers any more, closing it takes a while.
    private func keepConnection(in group: inout DiscardingTaskGroup) async {
        // Before anything of the connection is there: a confirmation proves that it could be opened after this.
        let stream = await agent.openStream()
        let (turns, continuation) = AsyncStream<Turn>.makeStream()
        let connection = Task { _ = continuation.yield(.ended(fault: await outcome(of: stream))) }
        let replacement = Task {
            for await _ in stream.replacements { continuation.yield(.replaced) }
        }
        var timer: Task<Void, Never>?
        for task in [connection, replacement] { group.addTask { await task.value } }
        defer {
            connection.cancel()
            replacement.cancel()
            timer?.cancel()
        }
        for await turn in turns {
            guard case .ended(let fault?) = turn else { return }
            guard !Task.isCancelled else { return }
            let wait = await pause(after: fault)
            timer = Task {
                try? await Task.sleep(for: wait)
                continuation.yield(.paused)
            }
        }
    }

    private func pause(after fault: String) async -> Duration {
        if let opened, ContinuousClock.now - opened >= Self.settled { backoff.reset() }
        opened = nil
        var wait = backoff.next(fraction: .random(in: 0...1))
        if await agent.isOnTrial { wait = min(wait, Self.longestWaitOnTrial) }
        if fault != lastFault {
            log.warning("no session with the controller", metadata: ["controller": "\(address)", "reason": "\(fault)"])
            lastFault = fault
        }
        await agent.noteController(.lost(address.description, reason: fault))
        return wait
    }

    /// Why the connection ended; nil when it was to.
    private func outcome(of stream: ControllerStream) async -> String? {
        do {
            try await connect(stream)
        } catch is Renewed {
            return nil
        } catch let error as RPCError {
            return error.remedied(at: address)
        } catch {
            return "\(error)"
        }
        return "the controller ended the session"
    }

    /// One connection, until it ends.
    private func connect(_ stream: ControllerStream) async throws {
        // The resolver may take its time, and nothing waits for it.
        Task { await agent.noteController(addresses: await address.resolved()) }
        let transport = try ControllerTransport.mutual(address, identity: identity)
        try await ControllerTransport.withClient(over: transport) { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.renewInTime(over: client) }
                group.addTask { try await self.synchronize(stream, over: client) }
                defer { group.cancelAll() }
                try await group.next()
            }
        }
    }

    private func synchronize(_ stream: ControllerStream, over client: GRPCClient<ControllerTransport.Transport>) async throws {
        var options = CallOptions.defaults
        options.waitForReady = false
        options.maxResponseMessageBytes = Wire.maximumMessageSize
        let answering = Answering(agent: agent, log: log)
        defer { answering.end() }
        try await Warren_Agent_V1_AgentLink.Client(wrapping: client).sync(options: options) { [agent] writer in
            try await writer.write(
                .with {
                    $0.hello.protocolVersion = WireVersion.current.wire
                    $0.hello.agentVersion = AgentProgram.version
                    $0.hello.applied = stream.version.wire
                    $0.hello.onTrial = stream.isOnTrial
                })
            Failpoint.agentSessionGreeted.pass()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await chunk in answering.outgoing { try await writer.write(.with { $0.answer = chunk }) }
                }
                var schedule = ReportSchedule()
                for await report in stream.reports {
                    guard schedule.shouldSend(report, isChanging: await agent.isChanging, now: .now) else { continue }
                    try await writer.write(.with { $0.report = report.wire })
                    Failpoint.agentReported.pass()
                }
                group.cancelAll()
            }
        } onResponse: { response in
            // Headers come to an agent that is about to be refused, too: only a message shows that it is not.
            var isFirst = true
            for try await message in response.messages {
                if isFirst { await self.noteSession() }
                isFirst = false
                switch message.inquiry {
                case .question(let question): answering.take(question)
                case .credit(let credit): answering.allow(credit)
                case .withdrawn(let id): answering.withdraw(id)
                case nil: await self.take(message, on: stream.id)
                }
            }
        }
    }

    private func take(_ message: Warren_Agent_V1_ControllerMessage, on stream: StreamID) {
        switch message.body {
        case .confirmed(let wire):
            let version = StateVersion(wire: wire)
            log.info("received a confirmation", metadata: ["generation": "\(version)"])
            Failpoint.agentTrialConfirmed.pass()
            agent.confirm(version, on: stream)
        case .desired(let wire):
            do {
                let desired = try DesiredState(wire: wire)
                log.info("received a desired state", metadata: ["generation": "\(desired.version)"])
                Failpoint.agentReceived.pass()
                agent.receive(desired, trial: message.trialSeconds > 0 ? .seconds(Int64(message.trialSeconds)) : nil)
            } catch {
                log.error("the controller sent a desired state that cannot be read", metadata: ["reason": "\(error)"])
            }
        case nil: log.warning("the controller sent a message of a kind that this agent does not know")
        }
    }

    private func noteSession() async {
        Failpoint.agentSessionOpened.pass()
        opened = .now
        lastFault = nil
        log.info("session with the controller", metadata: ["controller": "\(address)"])
        await agent.noteController(.connected(address.description))
    }

    /// Ends with `Renewed`; a renewal that fails is tried again while the connection stands.
    private func renewInTime(over client: GRPCClient<ControllerTransport.Transport>) async throws {
        var backoff = Backoff(base: .seconds(5), cap: .seconds(300))
        while true {
            let wait = try CertificateRenewal.due(identity).timeIntervalSinceNow
            if wait > 0 { try await Task.sleep(for: .seconds(min(wait, 86_400))) }
            guard try CertificateRenewal.due(identity).timeIntervalSinceNow <= 0 else { continue }
            do {
                identity = try await CertificateRenewal.renew(identity, over: client, in: directory)
                log.info("the certificate was renewed")
                throw Renewed()
            } catch let error as AgentError {
                log.warning("the certificate was not renewed", metadata: ["reason": "\(error)"])
                try await Task.sleep(for: backoff.next(fraction: .random(in: 0...1)))
            }
        }
    }
}

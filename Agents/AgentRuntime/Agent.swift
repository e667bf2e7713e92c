import AgentCore
import DataPlane
import Logging
import WarrenFailpoints
import WarrenModel
import WarrenPlan

/// Keeps one gateway at what it shall run, and tells how it is. Needs no controller: `ControllerSession` is one that calls
/// `receive` and listens to `reports`.
///
/// Reconciliations run one after the other, in a task of their own, so that a driver that hangs stops nothing else. What
/// must outlive the agent is on disk before what depends on it is begun.
public actor Agent {
    /// Something that happened, and who wants to know what came of it.
    private struct Input: Sendable {
        var event: AgentState.Event
        var answer: (@Sendable (RollBackAnswer) -> Void)?
    }

    public nonisolated let site: SiteName
    let driver: any DataPlaneDriver
    let directory: StateDirectory
    let prober: Prober?
    let log: Logger
    /// The last lines of the log.
    let recentLog: @Sendable () -> String
    var state: AgentState
    var controller = ControllerState.none
    /// Where the controller is, to learn from which address it is reached.
    var controllerAddresses: [IPAddress] = []
    /// From which addresses the Internet was last reached, as seen on the way to these controllers.
    private var origin: (addresses: [IPAddress], toward: [IPAddress]) = ([], [])
    var storageFault: String?
    private var reconciliation: Task<AgentState.Event, Never>?
    private var listeners: [UInt64: AsyncStream<AgentReport>.Continuation] = [:]
    private var nextListener: UInt64 = 0
    private var streams: [StreamID: AsyncStream<Void>.Continuation] = [:]
    private var lastStream: UInt64 = 0
    private nonisolated let inputs = AsyncStream<Input>.makeStream()
    private nonisolated let reportRequests = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    /// `driftInterval`: time between two looks for drift; `driftPolicy`: what is done about it; `recentLog`: what is told of the
    /// log to a controller that asks for facts.
    public init(
        site: SiteName, driver: any DataPlaneDriver, directory: StateDirectory, prober: Prober? = nil,
        driftInterval: Duration = .seconds(5), driftPolicy: DriftPolicy = .repair, log: Logger,
        recentLog: @escaping @Sendable () -> String = { "" }
    ) {
        self.site = site
        self.driver = driver
        self.directory = directory
        self.prober = prober
        self.log = log
        self.recentLog = recentLog
        state = AgentState(site: site, interval: driftInterval, driftPolicy: driftPolicy)
    }

    /// Something is still to be done to get to what the gateway shall run.
    public var isChanging: Bool { state.isChanging }
    /// A trial is under way: its confirmation is waited for.
    public var isOnTrial: Bool { state.trial != nil }

    /// Hands over a whole desired state; it is applied, or refused and the refusal reported, in the order of calls. With
    /// `trial`, the gateway goes back from it by itself after that time, unless it is confirmed.
    public nonisolated func receive(_ desired: DesiredState, trial: Duration? = nil) {
        handle(.received(desired, trial: trial))
    }

    /// The controller said on `stream` that what the gateway runs on trial may stay. Counts for exactly this version, and
    /// only on a stream that was opened after it was applied.
    public nonisolated func confirm(_ version: StateVersion, on stream: StreamID) { handle(.confirmed(version, stream)) }

    /// Goes back one step, as somebody on the gateway asks; `answer` is called once, soon, and perhaps never when the agent
    /// is ending.
    nonisolated func rollBack(_ answer: @Sendable @escaping (RollBackAnswer) -> Void) {
        inputs.continuation.yield(Input(event: .rollBack, answer: answer))
    }

    private nonisolated func handle(_ event: AgentState.Event) { inputs.continuation.yield(Input(event: event)) }

    /// What is said first on a connection to a controller, and what comes of it. To be called before the connection is
    /// opened: that makes its confirmations count.
    public func openStream() -> ControllerStream {
        lastStream += 1
        let id = StreamID(rawValue: lastStream)
        _ = state.handle(.streamOpened(id), now: .now)
        let (ends, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        streams[id] = continuation
        continuation.onTermination = { [weak self] _ in
            Task { await self?.forget(id) }
        }
        return ControllerStream(
            id: id, version: state.version, isOnTrial: state.isOnTrial, reports: reports(), replacements: ends)
    }

    /// Every report from now on, the newest when the reader is slow.
    public func reports() -> AsyncStream<AgentReport> {
        let (stream, continuation) = AsyncStream<AgentReport>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let listener = nextListener
        nextListener += 1
        listeners[listener] = continuation
        continuation.onTermination = { [weak self] _ in
            Task { await self?.forget(listener) }
        }
        reportRequests.continuation.yield()
        return stream
    }

    /// Whether there is a session with the controller: for the status file only.
    public func noteController(_ state: ControllerState) {
        controller = state
        reportRequests.continuation.yield()
    }

    /// Where the controller is: which of the gateway's own addresses lie on the way there is reported.
    public func noteController(addresses: [IPAddress]) { controllerAddresses = addresses }

    /// Runs until the calling task is cancelled; tunnels stay as they are then.
    public func run() async {
        await withDiscardingTaskGroup { group in
            let memory = restored()
            Failpoint.agentRestored.pass()
            for action in state.handle(.restored(memory), now: .now) { perform(action, in: &group) }
            group.addTask { await self.tick() }
            group.addTask { await self.watchDataPlane() }
            group.addTask { await self.report() }
            // What the end of the agent did to a reconciliation says nothing about its desired state.
            for await input in inputs.stream where !Task.isCancelled {
                let actions = state.handle(input.event, now: .now)
                for action in actions { perform(action, in: &group) }
                input.answer?(RollBackAnswer(actions))
            }
            group.cancelAll()
        }
        prober?.stop()
    }

    /// Takes note of the addresses from which the Internet is reached. When they changed, connections from the old ones are
    /// dead, and nobody says so: new ones take their place.
    func noteOrigin(_ addresses: [IPAddress]) {
        guard !addresses.isEmpty else { return }
        let before = origin
        origin = (addresses, controllerAddresses)
        guard !before.addresses.isEmpty, before.toward == origin.toward, before.addresses != addresses else { return }
        log.notice("the gateway has another address", metadata: ["address": "\(addresses[0])"])
        replaceStreams()
    }

    private func replaceStreams() { for stream in streams.values { stream.yield() } }

    private func forget(_ listener: UInt64) { listeners[listener] = nil }
    private func forget(_ stream: StreamID) { streams[stream] = nil }

    private func restored() -> AgentMemory {
        let (memory, faults) = AgentFiles(directory: directory).load()
        for fault in faults { log.error("\(fault)") }
        if let good = memory.good {
            log.info("restoring the last good state", metadata: ["generation": "\(good.version)"])
        } else {
            log.info("no last good state: waiting for the controller")
        }
        if case .running(let trial) = memory.trial {
            log.notice(
                "a trial was under way",
                metadata: ["generation": "\(trial.version)", "secondsLeft": "\(trial.left(now: .now).wholeSeconds)"])
        }
        if let rejection = memory.rejection { log.notice("\(rejection.reason)") }
        return memory
    }

    private func perform(_ action: AgentState.Action, in group: inout DiscardingTaskGroup) {
        switch action {
        case .stage(let trial):
            let event: AgentState.Event
            do {
                try AgentFiles(directory: directory).stage(trial)
                log.notice(
                    "trying a desired state",
                    metadata: ["generation": "\(trial.version)", "seconds": "\(trial.allowance.wholeSeconds)"])
                event = .staged(trial.version)
            } catch { event = .stagingFailed(trial.version, "\(error)") }
            for action in state.handle(event, now: .now) { perform(action, in: &group) }
        case .discardTrial: keep("the end of the trial", action) { files throws(AgentError) in try files.discardTrial() }
        case .remember(let rejection):
            if let rejection { log.error("\(rejection.reason)") }
            keep("what was gone back from", action) { files throws(AgentError) in try files.remember(rejection) }
        case .store(let desired, let previous):
            keep("generation \(desired.version), which runs,", action) { files throws(AgentError) in
                try files.store(desired, previous: previous)
            }
            log.info("running a new desired state", metadata: ["generation": "\(desired.version)"])
        case .reconcile(let desired, let changedKeys):
            let work = Reconciliation(driver: driver, desired: desired, changedKeys: changedKeys, log: log)
            let task = Task { await work.run() }
            reconciliation = task
            group.addTask {
                let event = await withTaskCancellationHandler {
                    await task.value
                } onCancel: {
                    task.cancel()
                }
                self.handle(event)
            }
        case .abandon: reconciliation?.cancel()
        case .reconnect:
            Failpoint.agentTrialReconnecting.pass()
            replaceStreams()
        case .refuse(let reason): log.error("refused a desired state", metadata: ["reason": "\(reason)"])
        case .repaired(let sentences):
            log.warning(
                "somebody changed the gateway by hand: repaired", metadata: ["drift": "\(sentences.joined(separator: "; "))"])
        case .report: reportRequests.continuation.yield()
        }
    }

    private func keep(
        _ what: String, _ action: AgentState.Action, _ body: (AgentFiles) throws(AgentError) -> Void
    ) {
        do throws(AgentError) {
            try body(AgentFiles(directory: directory))
            storageFault = nil
        } catch {
            storageFault = "\(what) is not stored: \(error)"
            handle(.notKept(action))
            log.error("\(what) is not stored", metadata: ["reason": "\(error)"])
        }
    }

    private func tick() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(250))
            handle(.tick)
        }
    }

    private func watchDataPlane() async {
        while !Task.isCancelled {
            await driver.waitForFailure()
            guard !Task.isCancelled else { return }
            log.warning("the data plane lost its state: restoring it")
            handle(.dataPlaneFailed("the data plane lost its state and is being restored"))
            // A daemon that dies at once is not restarted in a hot loop.
            try? await Task.sleep(for: .milliseconds(200))
        }
    }

    private func report() async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                while !Task.isCancelled {
                    self.reportRequests.continuation.yield()
                    try? await Task.sleep(for: .seconds(1))
                }
            }
            for await _ in reportRequests.stream {
                let report = await makeReport()
                writeStatus(report)
                for listener in listeners.values { listener.yield(report) }
            }
        }
    }
}

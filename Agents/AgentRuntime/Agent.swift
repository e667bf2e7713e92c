import AgentCore
import DataPlane
import Logging
import WarrenModel
import WarrenPlan

/// Keeps one gateway at what it shall run, and tells how it is. Needs no controller: `ControllerSession` is one that calls
/// `receive` and listens to `reports`.
///
/// Reconciliations run one after the other, in a task of their own, so that a driver that hangs stops nothing else.
public actor Agent {
    public nonisolated let site: SiteName
    private let driver: any DataPlaneDriver
    private let directory: StateDirectory
    private let prober: Prober?
    private let log: Logger
    private var state: AgentState
    private var controller = ControllerState.none
    private var storageFault: String?
    private var listeners: [UInt64: AsyncStream<AgentReport>.Continuation] = [:]
    private var nextListener: UInt64 = 0
    private nonisolated let events = AsyncStream<AgentState.Event>.makeStream()
    private nonisolated let reportRequests = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    /// `driftInterval`: time between two looks for drift.
    public init(
        site: SiteName, driver: any DataPlaneDriver, directory: StateDirectory, prober: Prober? = nil,
        driftInterval: Duration = .seconds(5), log: Logger
    ) {
        self.site = site
        self.driver = driver
        self.directory = directory
        self.prober = prober
        self.log = log
        state = AgentState(site: site, interval: driftInterval)
    }

    /// What the gateway runs.
    public var appliedVersion: StateVersion { state.applied?.version ?? .none }
    /// Something is still to be done to get to what the gateway shall run.
    public var isChanging: Bool { state.isChanging }

    /// Hands over a whole desired state; it is applied, or refused and the refusal reported, in the order of calls.
    public nonisolated func receive(_ desired: DesiredState) { events.continuation.yield(.received(desired)) }

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

    /// Runs until the calling task is cancelled; tunnels stay as they are then.
    public func run() async {
        await withDiscardingTaskGroup { group in
            restore()
            group.addTask { await self.tick() }
            group.addTask { await self.watchDataPlane() }
            group.addTask { await self.report() }
            for await event in events.stream {
                for action in state.handle(event, now: .now) { perform(action, in: &group) }
            }
            group.cancelAll()
        }
        prober?.stop()
    }

    private func forget(_ listener: UInt64) { listeners[listener] = nil }

    private func restore() {
        do {
            switch try LastGoodState(directory: directory).load() {
            case .none: log.info("no last good state: waiting for the controller")
            case .state(let desired):
                log.info("restoring the last good state", metadata: ["generation": "\(desired.generation)"])
                events.continuation.yield(.restored(desired))
            case .corrupt(let reason):
                log.error(
                    "the last good state cannot be used and was set aside: waiting for the controller",
                    metadata: ["reason": "\(reason)", "kept": "\(LastGoodState.name).\(LastGoodState.corruptSuffix)"])
            }
        } catch {
            log.error("the last good state cannot be read: waiting for the controller", metadata: ["reason": "\(error)"])
        }
    }

    private func perform(_ action: AgentState.Action, in group: inout DiscardingTaskGroup) {
        switch action {
        case .reconcile(let desired, let changedKeys):
            group.addTask {
                let reconciliation = Reconciliation(
                    driver: self.driver, desired: desired, changedKeys: changedKeys, log: self.log)
                self.events.continuation.yield(await reconciliation.run())
            }
        case .store(let desired):
            do {
                try LastGoodState(directory: directory).store(desired)
                storageFault = nil
                log.info("running a new desired state", metadata: ["generation": "\(desired.generation)"])
            } catch {
                storageFault = "generation \(desired.generation) runs, yet is not stored: \(error)"
                log.error("the desired state is not stored", metadata: ["reason": "\(error)"])
            }
        case .refuse(let reason): log.error("refused a desired state", metadata: ["reason": "\(reason)"])
        case .report: reportRequests.continuation.yield()
        }
    }

    private func tick() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(250))
            events.continuation.yield(.tick)
        }
    }

    private func watchDataPlane() async {
        while !Task.isCancelled {
            await driver.waitForFailure()
            guard !Task.isCancelled else { return }
            log.warning("the data plane lost its state: restoring it")
            events.continuation.yield(.dataPlaneFailed("the data plane lost its state and is being restored"))
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
                for listener in listeners.values { listener.yield(report) }
                writeStatus(report)
            }
        }
    }

    /// How the gateway is now.
    func makeReport() async -> AgentReport {
        var report = AgentReport(
            site: site, agentVersion: AgentProgram.version, version: state.applied?.version ?? .none,
            failure: state.failure ?? storageFault)
        do {
            // Before anything is known there may be no daemon to ask, and nothing to start one for.
            let observed = state.target == nil ? ObservedState() : try await driver.observe()
            report.tunnels = observed.tunnels
            report.routes = observed.routes.sorted { ($0.destination, $0.interface) < ($1.destination, $1.interface) }
            report.securityAssociations = observed.securityAssociations
            report.ike = observed.ike
            if let target = state.target { report.drift = drift(desired: target, observed: observed) }
        } catch {
            // While a daemon is being started it cannot be asked; if that fails, the reconciliation says so.
            if !(error.code == .unavailable && state.isChanging) {
                report.failure = report.failure ?? "the data plane cannot be observed: \(error)"
            }
        }
        prober?.setTargets((state.target?.plan.tunnels ?? []).map(ProbeTarget.init))
        report.probes = prober?.reports() ?? []
        return report
    }

    private func writeStatus(_ report: AgentReport) {
        let status = LocalStatus(
            mesh: state.target?.mesh, wanted: state.target?.generation ?? .none, controller: controller, report: report)
        do { try status.write(to: directory) } catch {
            log.warning("the status file cannot be written", metadata: ["reason": "\(error)"])
        }
    }
}

import AgentCore
import WarrenModel
import WarrenStatus

/// One connection of an agent to the controller: what is sent arrives in order, late, or never when the connection dies.
final class Stream {
    let gateway: Gateway
    let id: StreamID
    let certificate: Certificate
    let life: Int
    var controllerLife = 0
    var isAgentOpen = true
    var isControllerOpen = false
    fileprivate var upUntil: UInt64 = 0, downUntil: UInt64 = 0
    fileprivate var heldUp: [() -> Void] = [], heldDown: [() -> Void] = []
    fileprivate var wasUp = true, wasDown = true
    /// Grows each time that a direction is cut.
    fileprivate var cuts = 0
    var schedule = ReportSchedule()
    /// The controller has said something.
    var isHeard = false

    // MARK: The controller's end

    var sent: StateVersion?
    /// A report that changed nothing, and by which decisions: such as these are the same by reference.
    var oldNews: (report: MadeReport, decided: Controller.Decided)?
    var confirmation: StateVersion?
    var isRinging = false

    init(_ gateway: Gateway, _ id: StreamID, _ certificate: Certificate) {
        self.gateway = gateway
        self.id = id
        self.certificate = certificate
        life = gateway.life
    }

    func forgetHeld() {
        heldUp = []
        heldDown = []
    }
}

/// Connections over a network that delays, loses and is cut, also in one direction only.
extension Simulation {
    /// Opens a connection, as the session of the agent does.
    func connect(_ gateway: Gateway, _ life: Int) {
        guard gateway.life == life, gateway.isAgentRunning, gateway.stream == nil, let identity = gateway.identity else {
            return
        }
        gateway.lastStream += 1
        let stream = Stream(gateway, StreamID(rawValue: gateway.lastStream), identity)
        gateway.stream = stream
        streams.append(stream)
        handle(.streamOpened(stream.id), gateway)
        guard gateway.isAgentRunning else { return }
        let version = gateway.account.version, isOnTrial = gateway.account.isOnTrial
        let path = refreshPath(gateway)
        guard path.up, path.down else {
            return after(second * UInt64(gateway.random.number(3...10)), "connecting times out", gateway.number) { [self] in
                lose(stream)
            }
        }
        after(latency(gateway), "connects", gateway.number) { [self] in
            guard gateway.stream === stream else { return }
            let path = refreshPath(gateway)
            guard path.up, path.down, controller.isRunning else { return lose(stream) }
            stream.controllerLife = controller.life
            (stream.wasUp, stream.wasDown) = path
            gateway.streamOpened = now
            attempt(gateway) { try pass(.agentSessionGreeted, gateway) }
            guard gateway.stream === stream else { return }
            hasten(gateway)
            scheduleRenewal(gateway, stream)
            sendUp(stream) { [self] in open(stream, running: version, isOnTrial: isOnTrial) }
        }
    }

    func latency(_ gateway: Gateway) -> UInt64 {
        var delay = UInt64(weather.number(3...40)) * millisecond
        while loss > 0, weather.chance(loss), delay < 5 * second { delay = delay * 2 + 200 * millisecond }
        return delay * min(gateway.slowness, 20)
    }

    func sendUp(_ stream: Stream, _ body: @escaping () -> Void) {
        stream.upUntil = max(now + latency(stream.gateway), stream.upUntil + 1)
        after(stream.upUntil - now, "arrives at the controller", stream.gateway.number) { [self] in
            guard stream.controllerLife == controller.life, controller.isRunning else {
                // Nobody knows the connection any more, and says so.
                if stream.isAgentOpen, refreshPath(stream.gateway).down { lose(stream) }
                return
            }
            if !stream.heldUp.isEmpty || !refreshPath(stream.gateway).up { return stream.heldUp.append(body) }
            body()
            if doubling > 0, stream.controllerLife == controller.life, controller.isRunning { body() }
        }
    }

    func sendDown(_ stream: Stream, _ body: @escaping () -> Void) {
        stream.downUntil = max(now + latency(stream.gateway), stream.downUntil + 1)
        after(stream.downUntil - now, "arrives at the agent", stream.gateway.number) { [self] in
            guard stream.isAgentOpen else { return }
            if !stream.heldDown.isEmpty || !refreshPath(stream.gateway).down { return stream.heldDown.append(body) }
            body()
            if doubling > 0, stream.isAgentOpen { body() }
        }
    }

    /// Looks at the way between gateway and controller anew, and does what follows when it was cut or mended.
    @discardableResult
    func refreshPath(_ gateway: Gateway) -> (up: Bool, down: Bool) {
        let isLockedOut = isHarmed(gateway, .lockout)
        let up = gateway.isOn && gateway.path.up && !isLockedOut, down = gateway.isOn && gateway.path.down && !isLockedOut
        if let stream = gateway.stream { turn(stream, up, down) }
        if let stream = controller.sessions[gateway.number] { turn(stream, up, down) }
        return (up, down)
    }

    private func turn(_ stream: Stream, _ up: Bool, _ down: Bool) {
        guard stream.wasUp != up || stream.wasDown != down else { return }
        let wasCut = !(stream.wasUp && stream.wasDown), isCut = !(up && down)
        (stream.wasUp, stream.wasDown) = (up, down)
        if isCut, !wasCut { startDying(stream) }
        if !isCut { stream.cuts += 1 }
        if up {
            let held = stream.heldUp
            stream.heldUp = []
            for body in held { sendUp(stream, body) }
        }
        if down {
            let held = stream.heldDown
            stream.heldDown = []
            for body in held { sendDown(stream, body) }
        }
    }

    /// Keepalives of both ends, ten seconds apart, wait ten seconds for an answer.
    private func startDying(_ stream: Stream) {
        stream.cuts += 1
        let cuts = stream.cuts
        after(second * UInt64(weather.number(10...20)), "the agent misses keepalives", stream.gateway.number) { [self] in
            if stream.cuts == cuts, stream.isAgentOpen { lose(stream) }
        }
        after(second * UInt64(weather.number(10...20)), "the controller misses keepalives", stream.gateway.number) { [self] in
            if stream.cuts == cuts { close(stream) }
        }
    }

    /// The agent's end is gone: the other learns of it, at once or by keepalives.
    func agentLost(_ stream: Stream) {
        stream.isAgentOpen = false
        guard stream.isControllerOpen else { return }
        let isReachable = stream.wasUp && stream.gateway.isOn
        after(isReachable ? latency(stream.gateway) : 20 * second, "the controller sees the end", stream.gateway.number) {
            [self] in close(stream)
        }
    }

    /// The agent has lost its connection, or never got it, and will try again.
    func lose(_ stream: Stream) {
        let gateway = stream.gateway
        guard gateway.stream === stream else { return }
        agentLost(stream)
        gateway.stream = nil
        if stream.isControllerOpen || stream.controllerLife > 0, now - gateway.streamOpened >= 5 * second {
            gateway.backoff.reset()
        }
        var wait = gateway.backoff.next(fraction: gateway.random.fraction())
        if gateway.account.hasTrial { wait = min(wait, .seconds(2)) }
        let life = gateway.life
        after(UInt64(max(0, wait.inSeconds) * 1e9), "connects again", gateway.number) { [self] in connect(gateway, life) }
    }

    /// What the agent hears: a state, or that one is to stay.
    func receive(_ stream: Stream, _ desired: DesiredState, trialSeconds: UInt32) {
        let gateway = stream.gateway
        guard stream.isAgentOpen, gateway.stream === stream else { return }
        hear(stream)
        attempt(gateway) { if gateway.isAgentRunning { try pass(.agentReceived, gateway) } }
        handle(.received(desired, trial: trialSeconds > 0 ? .seconds(Int64(trialSeconds)) : nil), gateway)
    }

    func receive(_ stream: Stream, confirmed version: StateVersion) {
        let gateway = stream.gateway
        guard stream.isAgentOpen, gateway.stream === stream else { return }
        hear(stream)
        handle(.confirmed(version, stream.id), gateway)
        attempt(gateway) { if gateway.isAgentRunning { try pass(.agentTrialConfirmed, gateway) } }
    }

    private func hear(_ stream: Stream) {
        guard !stream.isHeard else { return }
        stream.isHeard = true
        attempt(stream.gateway) { try pass(.agentSessionOpened, stream.gateway) }
    }

    // MARK: Reports

    func requestReport(_ gateway: Gateway) {
        guard !gateway.isReportDue, gateway.isAgentRunning else { return }
        gateway.isReportDue = true
        let life = gateway.life
        after(10 * millisecond * gateway.slowness, "reports", gateway.number) { [self] in
            gateway.isReportDue = false
            guard gateway.life == life else { return }
            report(gateway)
        }
    }

    /// The agent looks each second whether a report is due. Looks that can only find that none is are left out: then the next
    /// is at the end of the silence, and `hasten` brings it forward when something changes.
    func reportRegularly(_ gateway: Gateway, _ life: Int) {
        guard gateway.life == life, gateway.isAgentRunning else { return }
        if gateway.slowness == 1 { report(gateway) } else { requestReport(gateway) }
        guard gateway.life == life, gateway.isAgentRunning else { return }
        var wait = second
        if gateway.slowness == 1, gateway.account.repairs.isEmpty, !links.isSilent(gateway.number),
            let due = gateway.stream?.schedule.deadline(isChanging: gateway.account.isChanging)
        {
            while gateway.clock(now + wait) < due { wait += second }
        }
        look(at: now + wait, gateway)
    }

    private func look(at time: UInt64, _ gateway: Gateway) {
        let life = gateway.life
        gateway.nextLook = time
        after(time - now, "is to report", gateway.number) { [self] in
            if gateway.nextLook == time { reportRegularly(gateway, life) }
        }
    }

    /// Something that is reported may have changed: the agent finds out when it looks next.
    func hasten(_ gateway: Gateway) {
        guard gateway.isAgentRunning, gateway.nextLook > now + second else { return }
        look(at: gateway.nextLook - (gateway.nextLook - now - 1) / second * second, gateway)
    }

    private func report(_ gateway: Gateway) {
        guard gateway.isAgentRunning, let stream = gateway.stream, stream.controllerLife > 0 else { return }
        let made = makeReport(gateway), isChanging = gateway.account.isChanging
        guard stream.schedule.shouldSend(made.report, isChanging: isChanging, now: gateway.clock(now)) else { return }
        attempt(gateway) { try pass(.agentReported, gateway) }
        guard gateway.stream === stream else { return }
        sendUp(stream) { [self] in receive(made, stream) }
    }

    /// That of before, as long as there is nothing else to say.
    func makeReport(_ gateway: Gateway) -> MadeReport {
        let changes = gateway.plane.changes
        if let made = gateway.made, made.news == gateway.news, made.changes == changes, !links.isSilent(gateway.number) {
            return made.report
        }
        let outer = Mesh.isLearned(gateway.number) ? [Mesh.learnedAddress(gateway.number, gateway.addressSerial)] : []
        let account = gateway.account
        var report = AgentReport(site: gateway.site, agentVersion: "simulated", outerAddresses: outer)
        if account.hasTarget, gateway.plane.isDaemonAlive {
            report.tunnels = gateway.plane.tunnelReports
            links.fill(&report, of: gateway.number)
        }
        report.drift = account.repairs.map { "repaired: \($0)" }
        report.version = account.version
        report.isOnTrial = account.isOnTrial
        report.rejected = account.rejected
        report.failure = account.failure ?? gateway.storageFault
        let made = MadeReport(report)
        gateway.made = (made, gateway.news, changes)
        return made
    }
}

import AgentCore
import WarrenFailpoints
import WarrenInventory
import WarrenModel
import WarrenPlan
import WarrenRollout
import WarrenStatus

/// The streams that are open at the controller's end, by the numbers of their gateways.
struct Sessions {
    private var streams: [Stream?] = []

    subscript(number: Int) -> Stream? {
        get { number < streams.count ? streams[number] : nil }
        set {
            while streams.count <= number { streams.append(nil) }
            streams[number] = newValue
        }
    }

    var inOrder: [Stream] { streams.compactMap(\.self) }
}

/// The controller's end of the agents' streams.
extension Simulation {
    private func isLed(_ site: SiteName) -> Bool { controller.control.leads(site) }

    /// An agent's greeting arrived.
    func open(_ stream: Stream, running version: StateVersion, isOnTrial: Bool) {
        let gateway = stream.gateway
        guard stream.isAgentOpen || stream.controllerLife == controller.life else { return }
        var isGood = false
        attemptController {
            isGood = try authenticate(stream.certificate)
            if isGood { try passController(.controllerSessionAuthenticated) }
        }
        guard controller.isRunning, stream.controllerLife == controller.life else { return }
        guard isGood else { return refuse(stream) }
        if let older = controller.sessions[gateway.number], older !== stream { refuse(older) }
        controller.sessions[gateway.number] = stream
        stream.isControllerOpen = true
        attemptController { try passController(.controllerSessionOpened) }
        guard controller.isRunning, stream.controllerLife == controller.life else { return }
        if isLed(gateway.site) {
            attemptController { try observe([.connected(gateway.site, version: version, isOnTrial: isOnTrial)]) }
            guard controller.isRunning, stream.controllerLife == controller.life else { return }
        }
        ring(stream)
    }

    /// The controller ends a stream.
    func refuse(_ stream: Stream) {
        sendDown(stream) { [self] in lose(stream) }
        close(stream)
        stream.isControllerOpen = false
    }

    func close(_ stream: Stream) {
        let gateway = stream.gateway
        guard stream.controllerLife == controller.life, controller.sessions[gateway.number] === stream else { return }
        stream.isControllerOpen = false
        controller.sessions[gateway.number] = nil
        attemptController { try observe([.disconnected(gateway.site)]) }
    }

    func receive(_ made: MadeReport, _ stream: Stream) {
        let site = stream.gateway.site
        guard controller.sessions[stream.gateway.number] === stream else {
            // The connection ended here already.
            if stream.isAgentOpen { sendDown(stream) { [self] in lose(stream) } }
            return
        }
        attemptController { try passController(.controllerReportReceived) }
        // Once more the same, under the same decisions.
        let decided = controller.decided
        let isRepeat = stream.oldNews.map { $0.report === made && $0.decided === decided } ?? false
        guard controller.isRunning, isRepeat || isLed(site) else { return }
        let turns = controller.links.take(made.report, now: controller.clock(now))
        if isRepeat, turns.isEmpty { return }
        let isNews = !turns.isEmpty || controller.decisions.newest.isNews(made.account)
        let isTaken = attemptController {
            if isNews { try observe(turns.map { .link($0.link, isUp: $0.isUp) } + CollectionOfOne(.reported(made.account))) }
            try learn(made.report)
        }
        if isTaken, !isNews { stream.oldNews = (made, decided) }
    }

    private func learn(_ report: AgentReport) throws {
        let all = controller.decided.addresses
        guard !report.outerAddresses.isEmpty, all[report.site] != report.outerAddresses,
            controller.control.mesh?.declaration(of: report.site)?.site.gateway.publicAddressSource == .agent
        else { return }
        note("\(report.site) is at \(report.outerAddresses[0])")
        rules.touched(controller.control, report.site)
        try passController(.controllerAddressTold)
        try observe([.learned(all.merging([report.site: report.outerAddresses]) { $1 })])
        try passController(.controllerAddressLearned)
    }

    func ring(_ stream: Stream) {
        guard !stream.isRinging else { return }
        stream.isRinging = true
        after(2 * millisecond, "rings", stream.gateway.number) { [self] in
            stream.isRinging = false
            guard stream.isControllerOpen, controller.isRunning, stream.controllerLife == controller.life else { return }
            attemptController { try tell(stream) }
        }
    }

    private func tell(_ stream: Stream) throws {
        let gateway = stream.gateway, site = gateway.site
        let confirmation = stream.confirmation
        stream.confirmation = nil
        if isLed(site) {
            if let target = controller.control.target(of: site, unless: stream.sent) {
                try passController(.controllerPushDerived)
                send(stream, target.plan, target.version, target.trialSeconds)
                try passController(.controllerPushSent)
            }
        } else if let plan = controller.store.withdrawn[site] {
            let version = StateVersion(epoch: controller.control.record.epoch, generation: controller.control.generation)
            if stream.sent != version { send(stream, plan, version, 0) }
        }
        if let confirmation { sendDown(stream) { [self] in receive(stream, confirmed: confirmation) } }
    }

    /// The keys that the plan speaks of: those that the gateway was sent last, when they are the same.
    private func keys(of plan: GatewayPlan, _ gateway: Gateway) -> [PSKReference: PreSharedKey] {
        if let sent = gateway.sent, sent.plan.keys == plan.keys, sent.plan.ike == plan.ike { return sent.keys }
        let last = gateway.sent?.keys ?? [:]
        if last.count == plan.keys.count, plan.keys.allSatisfy({ last[$0.reference] != nil }),
            plan.ike.allSatisfy({ $0.acceptedKeys.allSatisfy { last[$0] != nil } })
        {
            return last
        }
        var pieces: [PSKReference: PreSharedKey] = [:]
        pieces.reserveCapacity(plan.keys.count)
        for key in plan.keys { pieces[key.reference] = keys.key(key.reference) }
        for peer in plan.ike {
            for reference in peer.acceptedKeys where pieces[reference] == nil { pieces[reference] = keys.key(reference) }
        }
        return pieces
    }

    private func send(_ stream: Stream, _ plan: GatewayPlan, _ version: StateVersion, _ trialSeconds: UInt32) {
        let desired = DesiredState(mesh: "simulated", version: version, plan: plan, keys: keys(of: plan, stream.gateway))
        stream.gateway.sent = desired
        rules.offered(desired, to: stream.gateway)
        stream.sent = version
        note("\(stream.gateway.site) is sent \(version)\(trialSeconds > 0 ? ", on trial" : "")")
        sendDown(stream) { [self] in receive(stream, desired, trialSeconds: trialSeconds) }
    }
}

import AgentCore
import WarrenFailpoints
import WarrenModel
import WarrenPlan
import WarrenRollout

/// How the faults of a scenario come over the mesh, and go.
extension Simulation {
    private func gateway(_ number: Int) -> Gateway { gateways[abs(number) % scenario.gateways] }

    func strike(_ fault: Scenario.Fault) {
        guard !isCalm else { return }
        note("fault: \(fault)")
        switch fault {
        case .dies(let point, let number, let isPowerCut):
            let isGateways = point.program == .agent || point.program == .tunnelDaemon
            let host = isGateways ? gateway(number).number : Self.controllerHost
            armed.append(Armed(point: point, host: host, isPowerCut: isPowerCut))
        case .reboot(let number): cutPower(gateway(number))
        case .dataPlaneDies(let number): killDataPlane(gateway(number))
        case .partition(let number, let direction, let duration):
            let gateway = gateway(number)
            block(gateway, direction, 1)
            over(duration, "partition ends") { [self] in block(gateway, direction, -1) }
        case .linkPartition(let a, let b, let direction, let duration):
            let first = gateway(a).number, second = gateway(b).number
            guard first != second else { return }
            cut(first, second, direction, true)
            over(duration, "the way is mended") { [self] in cut(first, second, direction, false) }
        case .weather(let loss, let duration):
            self.loss += loss
            over(duration, "the weather clears") { [self] in self.loss -= loss }
        case .doubled(let duration):
            doubling += 1
            over(duration, "it arrives once") { [self] in doubling -= 1 }
        case .tornWrite(let number): gateway(number).disk.tearsNext = true
        case .slow(let number, let factor, let duration):
            let gateway = gateway(number)
            gateway.slowness *= UInt64(factor)
            over(duration, "it is as fast as before") { gateway.slowness = max(1, gateway.slowness / UInt64(factor)) }
        case .diskFull(let number, let duration):
            let gateway = gateway(number)
            gateway.disk.isFull = true
            over(duration, "there is room again") { gateway.disk.isFull = false }
        case .controllerDiskFull(let duration):
            controller.isDiskFull = true
            over(duration, "there is room again") { [self] in controller.isDiskFull = false }
        case .clockJump(let number, let seconds):
            // Where certificates end soon, clocks are not so wrong that they end at once.
            let error = scenario.certificateLifetime.map { seconds % ($0 / 25) } ?? seconds
            if number < 0 { controller.wallClockError = error } else { gateway(number).wallClockError = error }
        case .badPlan(let plan): nextBadPlan = plan
        case .readdressed(let number):
            let learned = gateways.prefix(scenario.gateways).filter { Mesh.isLearned($0.number) }
            guard !learned.isEmpty else { return }
            let gateway = learned[abs(number) % learned.count]
            gateway.addressSerial += 1
            trouble(gateway)
            for peer in gateways { trouble(peer) }
            links.changed(gateway.number)
        }
    }

    /// Ends a fault in time, or with the calm: `end` is called once.
    private func over(_ duration: Int, _ label: StaticString, _ end: @escaping () -> Void) {
        let fault = faultsUnderWay.count
        faultsUnderWay.append(end)
        after(UInt64(duration) * millisecond, label) { [self] in finishFault(fault) }
    }

    private func finishFault(_ index: Int) {
        faultsUnderWay[index]?()
        faultsUnderWay[index] = nil
    }

    /// All faults end, and none comes any more.
    func calm() {
        note("all faults end")
        isCalm = true
        calmSince = now
        for index in faultsUnderWay.indices { finishFault(index) }
        armed = []
        for gateway in gateways { gateway.disk.tearsNext = false }
        nextBadPlan = nil
        badPlans = [:]
        for gateway in gateways {
            links.changed(gateway.number)
            refreshPath(gateway)
        }
    }

    private func block(_ gateway: Gateway, _ direction: Scenario.Direction, _ change: Int) {
        if direction != .toSecond { gateway.blockedDown += change }
        if direction != .toFirst { gateway.blockedUp += change }
        refreshPath(gateway)
    }

    private func cut(_ a: Int, _ b: Int, _ direction: Scenario.Direction, _ isCut: Bool) {
        for gateway in [gateways[a], gateways[b]] { trouble(gateway) }
        if direction != .toSecond { links.setBlocked(b, a, isCut) }
        if direction != .toFirst { links.setBlocked(a, b, isCut) }
    }

    /// A route is lost, and what should hold its packets back with it.
    func sabotage(_ gateway: Gateway) {
        let state = gateway.plane.state
        guard let route = state.routes.min(by: { $0.destination < $1.destination }) else { return }
        for operation in [Operation.removeUnreachable(route.destination), .removeRoute(route)] {
            perform(operation, on: gateway, keys: [:])
        }
    }

    func killDataPlane(_ gateway: Gateway) {
        guard gateway.isOn else { return }
        trouble(gateway)
        gateway.plane.die()
        links.reset(gateway.number)
        after(5 * millisecond, "the data plane is missed", gateway.number) { [self] in
            handle(.dataPlaneFailed("the data plane lost its state and is being restored"), gateway)
        }
    }
}

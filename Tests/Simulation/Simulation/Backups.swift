import AgentCore
import WarrenFailpoints
import WarrenModel

/// `warren backup` and `warren restore`, which an operator runs on the controller's host, and runs again when they end early.
extension Simulation {
    private struct ToolDeath: Error {}

    private func passTool(_ point: Failpoint) throws {
        guard takeDeath(point, Self.controllerHost) != nil else { return }
        note("an operator's tool passes \(point.rawValue)")
        figures.deaths += 1
        throw ToolDeath()
    }

    /// The steps one after the other, with time between them; all of it again when one dies.
    private func runTool(_ again: @escaping () -> Void, _ steps: [() throws -> Void]) {
        guard let step = steps.first else { return }
        do { try step() } catch { return after(5 * second, "an operator runs it again", Self.controllerHost, again) }
        let rest = Array(steps.dropFirst())
        after(100 * millisecond, "the tool goes on") { [self] in runTool(again, rest) }
    }

    // MARK: Backup

    func backUp() {
        let content = controller.store
        runTool(
            { [self] in backUp() },
            [
                { [self] in try passTool(.backupCopied) },
                { [self] in try passTool(.backupWritten) },
                { [self] in
                    controller.backup = content
                    try passTool(.backupRenamed)
                    controller.isBackupPromised = true
                    note("operator: there is a backup")
                },
            ])
    }

    // MARK: Restore

    /// A backup takes the controller back to when it was made, under a new epoch.
    func restore() {
        guard let backup = controller.backup else {
            if controller.isBackupPromised { fail("a backup was made, and is not there") }
            return
        }
        killController(restartsAfter: nil)
        // Nobody starts it on a folder that is being replaced.
        controller.isHeld = true
        var next = backup
        runTool(
            { [self] in beginAgain() },
            [
                { [self] in try passTool(.restoreUnpacked) },
                { [self] in
                    next.epoch = max(controller.store.epoch, backup.epoch) + 1
                    for (id, token) in next.tokens where token.use == .unused { next.tokens[id]?.use = .spent }
                    try passTool(.restoreRaised)
                },
                { [self] in
                    next.lastIndex = max(next.lastIndex, controller.store.lastIndex)
                    exchange(next)
                    try passTool(.restoreExchanged)
                    release()
                },
            ])
    }

    private func exchange(_ store: Controller.Store) {
        note("the controller's state is that of the backup")
        controller.store = store
        controller.promised = .none
        controller.acknowledged = nil
        badPlans = [:]
        rules.restored()
        trust.restored(store)
    }

    private func release() {
        controller.isHeld = false
        startController()
        for seconds in [10, 40] {
            after(UInt64(seconds) * second, "who is locked out?") { [self] in helpLockedOut() }
        }
    }

    /// The folder holds the old state or the new one, and a controller may start on it before the operator comes back.
    private func beginAgain() {
        controller.isHeld = false
        if random.chance(500) { startController() }
        after(second * UInt64(random.number(1...8)), "an operator restores again") { [self] in restore() }
    }

    /// Whoever enrolled or renewed since the backup has to enrol again.
    private func helpLockedOut() {
        guard controller.isRunning else {
            return after(5 * second, "who is locked out?") { [self] in helpLockedOut() }
        }
        for gateway in gateways {
            guard let identity = identityMemory(gateway).usable, gateway.errand == nil,
                controller.store.agents[gateway.site]?.certificates.accepts(identity.id) != true
            else { continue }
            note("operator: \(gateway.site) is locked out")
            requestToken(gateway, isForced: true)
        }
    }
}

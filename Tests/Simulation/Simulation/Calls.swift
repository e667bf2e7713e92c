import WarrenModel

/// A call on its way: it is answered once, or given up.
private final class PendingCall<Answer> {
    private var then: ((Answer?) -> Void)?
    init(_ then: @escaping (Answer?) -> Void) { self.then = then }

    func end(_ answer: Answer?) {
        let then = then.take()
        then?(answer)
    }
}

/// Calls of agents, each with one answer, over a network that may hold them up until nobody waits for them any more.
extension Simulation {
    static let patience = 10 * second

    /// - Parameters:
    ///   - handle: what the controller does; it may answer later, or never.
    ///   - then: nil when no answer came in time.
    func call<Answer>(
        _ gateway: Gateway, _ handle: @escaping (@escaping (Answer) -> Void) -> Void, then: @escaping (Answer?) -> Void
    ) {
        let call = PendingCall(then)
        after(Self.patience, "a call is given up", gateway.number) { call.end(nil) }
        let path = refreshPath(gateway)
        guard path.up, path.down else { return }
        after(latency(gateway), "a call connects", gateway.number) { [self] in
            guard controller.isRunning else {
                return after(latency(gateway), "a call is refused", gateway.number) { call.end(nil) }
            }
            let life = controller.life
            deliver(gateway, life: life, tries: 60) { [self] in
                handle { [self] answer in
                    after(latency(gateway), "a call's answer", gateway.number) { [self] in
                        if refreshPath(gateway).down { call.end(answer) }
                    }
                }
            }
        }
    }

    /// What is cut off on its way arrives when the way is mended, if the controller that it was sent to is still there.
    private func deliver(_ gateway: Gateway, life: Int, tries: Int, _ body: @escaping () -> Void) {
        guard controller.isRunning, controller.life == life else { return }
        guard refreshPath(gateway).up else {
            guard tries > 0 else { return }
            return after(second, "a call is held up", gateway.number) { [self] in
                deliver(gateway, life: life, tries: tries - 1, body)
            }
        }
        body()
        guard doubling > 0 else { return }
        after(2 * millisecond, "a call arrives twice", gateway.number) { [self] in
            if controller.isRunning, controller.life == life { body() }
        }
    }

    /// What a host takes for the time of day. Where certificates hold for years, no wall clock is so wrong that it mattered.
    func wallClock(_ error: Int) -> Double { Double(now) / 1e9 + (scenario.certificateLifetime == nil ? 0 : Double(error)) }
}

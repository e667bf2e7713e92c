import WarrenModel

/// A mesh's control as it is kept, with what was decided since and could not be kept yet.
///
/// Pure: an event is decided upon, whoever holds the value keeps what has to be, and says whether that succeeded. Nothing durable is
/// done before.
public struct Decisions: Sendable {
    /// What comes of something that happened: the control with it, and what shall be done, in order.
    public struct Decision: Sendable {
        public let control: MeshControl
        public let actions: [ControlAction]
    }

    /// As it is on disk.
    public private(set) var control: MeshControl
    /// What could not be kept: of its actions, those that wait for that.
    private var postponed: Decision?

    public init(_ control: MeshControl) { self.control = control }

    /// With all that happened, also what could not be kept yet.
    public var newest: MeshControl { _read { if let postponed { yield postponed.control } else { yield control } } }

    /// Whether what was decided waits to be kept.
    public var isPostponed: Bool { postponed != nil }

    /// Upon what happened, in order, as one.
    public func decide(_ events: [ControlEvent], now: MonotonicTime) -> Decision {
        var next = newest
        let actions = events.flatMap { next.handle($0, now: now) }
        return decision(next, actions)
    }

    /// `next` was made of `newest`, which led to `actions`.
    public func decision(_ next: MeshControl, _ actions: [ControlAction]) -> Decision {
        Decision(control: next, actions: (postponed?.actions ?? []) + actions)
    }

    /// Whether the decision has to be on disk before it is carried out. An offer that says again what was said before does not: each
    /// agent that connects gets one.
    public func mustBeKept(_ decision: Decision) -> Bool {
        let next = decision.control
        return isPostponed || next.record.addresses != control.record.addresses
            || next.record.keyFloors != control.record.keyFloors
            || decision.actions.contains { action in
                guard case .offer(let site) = action else { return action.isDurable }
                return next.intendedVersion(of: site) != control.intendedVersion(of: site)
            }
    }

    /// The decision is on disk, as far as it has to be: its actions may be performed.
    ///
    /// - Returns: whether any had been postponed.
    @discardableResult
    public mutating func keep(_ decision: Decision) -> Bool {
        defer { postponed = nil }
        control = decision.control
        return isPostponed
    }

    /// The decision could not be kept. What happened did happen, so it stands, and is part of the next one.
    ///
    /// - Returns: those of its actions that wait for no disk.
    public mutating func postpone(_ decision: Decision) -> [ControlAction] {
        postponed = Decision(control: decision.control, actions: decision.actions.filter(\.isDurable))
        return decision.actions.filter { !$0.isDurable }
    }
}

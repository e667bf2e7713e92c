import WarrenModel
import WarrenRollout

/// All that a simulation is given: a mesh, how it is rolled out, and what happens to it. Everything else follows from the seed.
public struct Scenario: Sendable {
    public enum Shape: String, Sendable, CaseIterable { case ring, hubs, groups, fullMesh }
    /// How links come about: as a model of IKE has it, or by the engine's own messages, which cost far more.
    public enum IKE: String, Sendable, CaseIterable { case model, engine }

    public var seed: UInt64
    public var ike = IKE.model
    /// How long child SAs live, in seconds, and IKE SAs two and a half times as long; nil: longer than the simulation.
    public var childLifetime: UInt32?
    public var gateways: Int
    public var shape: Shape
    public var strategy: RolloutStrategy
    /// Each in order of its time.
    public var items: [Item]

    /// Something that happens, so many milliseconds after the mesh stands.
    public struct Item: Sendable, Equatable, CustomStringConvertible {
        public var at: Int
        public var what: What

        public init(at: Int, what: What) {
            self.at = at
            self.what = what
        }

        public var description: String {
            let tenths = String(at % 1_000 / 100)
            return "+\(at / 1_000).\(tenths) s \(what)"
        }
    }

    public enum What: Sendable, Equatable {
        case fault(Fault)
        case operation(Operation)
        /// Something that must break a rule: to show that rules are looked at.
        case sabotage
    }

    /// Sites are numbers: those of gateways that the mesh doesn't have do nothing. Durations are in milliseconds.
    public enum Fault: Sendable, Equatable {
        /// The agent dies when it passes this point next.
        case agentDies(Int, CrashPoint)
        /// The controller dies when it passes this point next; then its host may start anew as well.
        case controllerDies(CrashPoint, isPowerCut: Bool)
        case reboot(Int)
        case dataPlaneDies(Int)
        /// Between a gateway and the controller.
        case partition(Int, Direction, duration: Int)
        /// Between two gateways.
        case linkPartition(Int, Int, Direction, duration: Int)
        /// So many of a thousand datagrams are lost, and segments sent again; delays grow.
        case weather(loss: Int, duration: Int)
        /// What arrives at the controller or an agent arrives twice.
        case doubled(duration: Int)
        /// Everything that the agent does takes so many times as long.
        case slow(Int, factor: Int, duration: Int)
        case diskFull(Int, duration: Int)
        /// Power fails while the agent writes its next file, of which a part is on disk under its name: the disk had said that all
        /// was.
        case tornWrite(Int)
        case controllerDiskFull(duration: Int)
        /// Wall clocks jump; -1 is the controller's host. Nothing may come of it.
        case clockJump(Int, seconds: Int)
        case badPlan(BadPlan)
        /// The host gets another public address, when it is one whose address is learned.
        case readdressed(Int)
    }

    public enum Direction: String, Sendable, CaseIterable {
        case both, toFirst, toSecond
    }

    /// What the next generation that is accepted does to gateways that run it: a part of them, or all.
    public struct BadPlan: Sendable, Equatable {
        public enum Harm: String, Sendable, CaseIterable {
            /// The agent does not reach the controller any longer.
            case lockout
            /// The agent dies of applying it.
            case crash
            /// The data plane refuses a part of it.
            case refused
            /// The gateway's links carry nothing.
            case linksDown
        }
        public var harm: Harm
        /// One in so many gateways is hit.
        public var oneIn: Int
    }

    public enum Operation: Sendable, Equatable {
        case apply(Edit)
        /// Keys of one link in so many.
        case rotate(oneIn: Int)
        case drain(Int)
        case undrain(Int)
        case pause, resume, abort, rollBackNow
        /// The generation so many before the current one.
        case rollBack(by: Int)
        case revoke(Int)
        case backUp, restore
    }

    public enum Edit: Sendable, Equatable {
        case add, remove(Int), mode(Int), proposals(Int), address(Int), translate(Int), everything
    }
}

/// Where a program can be made to die.
public enum CrashPoint: String, Sendable, CaseIterable {
    case agentFileWritten = "agent.file.written"
    case agentFileFlushed = "agent.file.flushed"
    case agentFileRenamed = "agent.file.renamed"
    case agentFileDurable = "agent.file.durable"
    case agentRestored = "agent.restored"
    case agentSessionGreeted = "agent.session.greeted"
    case agentReceived = "agent.received"
    case agentTrialStaging = "agent.trial.staging"
    case agentTrialStaged = "agent.trial.staged"
    case agentTrialReconnecting = "agent.trial.reconnecting"
    case agentTrialConfirmed = "agent.trial.confirmed"
    case agentTrialDiscarded = "agent.trial.discarded"
    case agentRejectionBegun = "agent.rejection.begun"
    case agentRejectionStored = "agent.rejection.stored"
    case agentApplyBegun = "agent.apply.begun"
    case agentFirewallBefore = "agent.apply.firewall.before"
    case agentFirewallAfter = "agent.apply.firewall.after"
    case agentTranslationsBefore = "agent.apply.translations.before"
    case agentTranslationsAfter = "agent.apply.translations.after"
    case agentUnreachableBefore = "agent.apply.unreachable.before"
    case agentUnreachableAfter = "agent.apply.unreachable.after"
    case agentUnreachableRemoving = "agent.apply.unreachable.removing"
    case agentUnreachableRemoved = "agent.apply.unreachable.removed"
    case agentPolicyBefore = "agent.apply.policy.before"
    case agentPolicyAfter = "agent.apply.policy.after"
    case agentTunnelBefore = "agent.apply.tunnel.before"
    case agentTunnelAfter = "agent.apply.tunnel.after"
    case agentPeerBefore = "agent.apply.peer.before"
    case agentPeerAfter = "agent.apply.peer.after"
    case agentRouteBefore = "agent.apply.route.before"
    case agentRouteAfter = "agent.apply.route.after"
    case agentTunnelRemoving = "agent.apply.tunnel.removing"
    case agentTunnelRemoved = "agent.apply.tunnel.removed"
    case agentPeerRemoving = "agent.apply.peer.removing"
    case agentPeerRemoved = "agent.apply.peer.removed"
    case agentPolicyRemoving = "agent.apply.policy.removing"
    case agentPolicyRemoved = "agent.apply.policy.removed"
    case agentRouteRemoving = "agent.apply.route.removing"
    case agentRouteRemoved = "agent.apply.route.removed"
    case agentApplied = "agent.applied"
    case agentStoring = "agent.store.begun"
    case agentStored = "agent.store.done"
    case agentReported = "agent.reported"
    case storeTransactionBegun = "store.transaction.begun"
    case storeTransactionWritten = "store.transaction.written"
    case storeTransactionCommitted = "store.transaction.committed"
    case controllerRolloutDecided = "controller.rollout.decided"
    case controllerRolloutRecorded = "controller.rollout.recorded"
    case controllerRevokeDecided = "controller.revoke.decided"
    case controllerRevokeStored = "controller.revoke.stored"
    case controllerAddressTold = "controller.address.told"
    case controllerAddressLearned = "controller.address.learned"
    case controllerAcceptStored = "controller.accept.stored"
    case controllerAcceptTaken = "controller.accept.taken"
    case controllerSessionOpened = "controller.session.opened"
    case controllerPushDerived = "controller.push.derived"
    case controllerPushSent = "controller.push.sent"
    case controllerReportReceived = "controller.report.received"

    var isAgents: Bool { rawValue.hasPrefix("agent.") }
}

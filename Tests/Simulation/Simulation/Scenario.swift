import WarrenFailpoints
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
    /// How long agents' certificates hold, in seconds; nil: longer than the simulation.
    public var certificateLifetime: Int?
    public var gateways: Int
    public var shape: Shape
    public var strategy: RolloutStrategy
    /// Each in order of its time.
    public var items: [Item]
    /// What strikes before anything is there: a controller's first start, the first tokens and enrolments.
    public var beginning: [Fault] = []

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
        /// The program that this point is in, of this gateway if it is a gateway's, dies when it passes the point next; the
        /// controller's host may start anew then as well.
        case dies(Failpoint, Int, isPowerCut: Bool)
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
        /// Other hardware in the place of the gateway's.
        case replace(Int)
        /// Somebody on the gateway goes back.
        case rollBackByHand(Int)
        case backUp, restore
    }

    public enum Edit: Sendable, Equatable {
        case add, remove(Int), mode(Int), proposals(Int), address(Int), translate(Int), everything
    }
}

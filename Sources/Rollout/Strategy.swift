import WarrenModel

/// How a roll-out goes about it.
public struct RolloutStrategy: Sendable, Equatable, Codable {
    /// The first wave of each step.
    public enum Canary: Sendable, Equatable, Codable {
        /// Both ends of one changed link, of gateways that are connected and have few links.
        case pair
        /// Those of these gateways that the step touches.
        case sites(Set<SiteName>)
        /// No such wave.
        case none
    }

    /// How many gateways something may be true of.
    public enum Allowance: Sendable, Equatable, Codable {
        case count(Int)
        /// Of the gateways that the roll-out touches, rounded down.
        case percent(Int)

        func of(_ total: Int) -> Int {
            switch self {
            case .count(let count): count
            case .percent(let percent): total * min(max(percent, 0), 100) / 100
            }
        }
    }

    /// What follows once more gateways failed than may.
    public enum Response: String, Sendable, Equatable, Codable, CaseIterable {
        case rollBack
        /// The roll-out stands still until an operator resumes it, aborts it or rolls it back.
        case halt
    }

    public var canary: Canary
    /// After the canary: how many percent of a step's gateways have had their turn when each wave is over. The last wave is
    /// always made of all that are left.
    public var batches: [Int]
    public var maxFailures: Allowance
    /// How many gateways may be offline when their turn comes without the roll-out waiting for them.
    public var maxLate: Allowance
    public var onFailure: Response
    /// Go on, once `waveTimeout` is over, without gateways that did not take the step before; false: halt, and name them.
    public var leavesBehind: Bool
    /// The trial period: how long a gateway waits, in seconds, to be confirmed before it goes back by itself.
    public var confirmTimeoutSeconds: UInt32
    /// How long a wave may take.
    public var waveTimeoutSeconds: UInt32
    /// How long all must have been well before the next wave begins.
    public var settleSeconds: UInt32
    /// How long a gateway that is offline when its turn comes is waited for before it counts as late.
    public var lateAfterSeconds: UInt32

    public init(
        canary: Canary = .pair, batches: [Int] = [5, 25, 100], maxFailures: Allowance = .count(0),
        maxLate: Allowance = .percent(10), onFailure: Response = .rollBack, leavesBehind: Bool = false,
        confirmTimeoutSeconds: UInt32 = 60, waveTimeoutSeconds: UInt32 = 300, settleSeconds: UInt32 = 15,
        lateAfterSeconds: UInt32 = 30
    ) {
        self.canary = canary
        self.batches = batches
        self.maxFailures = maxFailures
        self.maxLate = maxLate
        self.onFailure = onFailure
        self.leavesBehind = leavesBehind
        self.confirmTimeoutSeconds = confirmTimeoutSeconds
        self.waveTimeoutSeconds = waveTimeoutSeconds
        self.settleSeconds = settleSeconds
        self.lateAfterSeconds = lateAfterSeconds
    }

    /// Back to what ran before: everything at once in each step, and whoever does not come along is left behind.
    public static let rollingBack = RolloutStrategy(
        canary: .none, batches: [], maxFailures: .percent(100), maxLate: .percent(100), onFailure: .halt, leavesBehind: true)
}

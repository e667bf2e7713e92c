/// Which desired state a gateway was given. Orders as it is written: within an epoch no gateway goes back.
public struct StateVersion: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
    /// Raised when a controller's state is restored from a backup: what it says then counts as newer than all before.
    public var epoch: UInt64
    public var generation: Generation
    /// Counts the states of one generation that a gateway is led through: the steps of a roll-out, and learned addresses.
    public var revision: UInt64

    public init(epoch: UInt64 = 1, generation: Generation, revision: UInt64 = 0) {
        self.epoch = epoch
        self.generation = generation
        self.revision = revision
    }

    public static let none = StateVersion(epoch: 0, generation: .none)

    public static func < (a: StateVersion, b: StateVersion) -> Bool {
        (a.epoch, a.generation, a.revision) < (b.epoch, b.generation, b.revision)
    }

    /// `7.2`, generation and revision; the epoch, where it is not the first, before them: `2/7.2`.
    public var description: String { (epoch > 1 ? "\(epoch)/" : "") + "\(generation).\(revision)" }
}

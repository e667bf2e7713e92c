import WarrenModel

/// A link turned: what is worth an event and a notification.
public struct LinkTurn: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        case up, degraded, down
        /// It comes and goes; until it is `steady` again nothing else is told of it.
        case flapping, steady

        /// Nil for what is no turn: that nobody tells how it is, or that there shall be none.
        init?(_ state: LinkState) {
            switch state {
            case .up: self = .up
            case .degraded: self = .degraded
            case .down, .connecting: self = .down
            case .waiting, .drained, .unknown: return nil
            }
        }
    }

    public let link: LinkID
    public let kind: Kind
    public let reason: String?
}

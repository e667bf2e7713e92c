/// One of the three steps by which a change of a link is made at both of its ends without the link going down.
///
/// While every two neighbours are at the same step or at adjacent ones, what one asks for the other takes.
public enum TransitionStep: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
    /// Old and new stand side by side; the old is asked for, the new is taken as well.
    case expand
    /// Old and new stand side by side; the new is asked for, the old is taken as well.
    case switchOver
    /// The new alone stands.
    case contract

    /// 1, 2 or 3.
    public var number: Int {
        switch self {
        case .expand: 1
        case .switchOver: 2
        case .contract: 3
        }
    }

    public static func < (a: TransitionStep, b: TransitionStep) -> Bool { a.number < b.number }
}

import CWarrenSystem

/// The user and group that the daemon becomes: never root's.
public struct TunnelUser: Sendable, Equatable, LosslessStringConvertible {
    public let user: UInt32
    public let group: UInt32

    /// The last resort, where no user was made for the daemon.
    public static let nobody = TunnelUser(user: 65534, group: 65534)

    private init(user: UInt32, group: UInt32) {
        self.user = user
        self.group = group
    }

    /// `UID`, `UID:GID`, or the name of a user that the system knows; nil for anything else, and for root.
    public init?(_ description: String) {
        let parts = description.split(separator: ":", omittingEmptySubsequences: false)
        var user: UInt32 = 0
        var group: UInt32 = 0
        if let number = parts.first.flatMap({ UInt32($0) }) {
            guard parts.count <= 2, let second = parts.count == 2 ? UInt32(parts[1]) : number else { return nil }
            (user, group) = (number, second)
        } else {
            guard warren_find_user(description, &user, &group) == 0 else { return nil }
        }
        // All ones means "leave as it is" to setresuid(2).
        guard user != 0, group != 0, user != .max, group != .max else { return nil }
        self.init(user: user, group: group)
    }

    public var description: String { "\(user):\(group)" }
}

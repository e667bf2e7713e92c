/// What an operator's credential may do, each more than the one before.
public enum AccessRole: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
    /// Reads: status, events, roll-outs, plans, metrics.
    case viewer
    /// Changes the mesh too: applies inventories, leads roll-outs, rotates keys, drains sites, lets agents enrol.
    case `operator`
    /// Also ends trust and gives it: revokes agents, makes and revokes credentials.
    case admin

    private var rank: Int {
        switch self {
        case .viewer: 0
        case .operator: 1
        case .admin: 2
        }
    }

    public static func < (a: AccessRole, b: AccessRole) -> Bool { a.rank < b.rank }
}

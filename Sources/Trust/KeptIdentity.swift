/// A file of a gateway's identity, as it is found.
public enum KeptIdentity<Identity> {
    case none
    /// Half written, as when power failed.
    case unreadable
    case whole(Identity)

    /// Whether there is anything.
    public var isThere: Bool { if case .none = self { false } else { true } }
}

/// What a gateway keeps of who it is: the newest identity and, from a renewal on, the one before, which is good until the newest is
/// first seen.
public struct IdentityMemory<Identity> {
    public let newest: KeptIdentity<Identity>
    public let former: KeptIdentity<Identity>

    public init(newest: KeptIdentity<Identity>, former: KeptIdentity<Identity>) {
        self.newest = newest
        self.former = former
    }

    /// Who the gateway is; nil when it is nobody, or nothing of it can be read.
    public var usable: Identity? {
        switch (newest, former) {
        case (.whole(let identity), _), (.unreadable, .whole(let identity)): identity
        default: nil
        }
    }

    /// Only a whole file may take the place of the one before.
    public var isNewestWhole: Bool { if case .whole = newest { true } else { false } }

    /// Whether the gateway may enrol. `isResumed`: it has begun to, with the same token.
    public func mayEnrol(isForced: Bool, isResumed: Bool) -> Bool {
        switch newest {
        case .none: true
        case .unreadable: isForced || isResumed && usable == nil
        case .whole: isForced
        }
    }
}

extension KeptIdentity: Sendable where Identity: Sendable {}
extension IdentityMemory: Sendable where Identity: Sendable {}

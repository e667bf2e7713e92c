import WarrenModel

/// The SPD (RFC 4301, 4.4.1): ordered policies; the first that matches decides.
public struct SecurityPolicyDatabase: Sendable, Equatable {
    /// In the order in which they were added.
    public private(set) var policies: [SecurityPolicy] = []

    /// The modes that a peer's SAs may have, of peers of which more is known than their policies say.
    private var modes: [SiteName: Set<IPsecMode>] = [:]

    public init() {}

    /// Adds at the end; an equal policy is not added twice.
    public mutating func add(_ policy: SecurityPolicy) {
        if !policies.contains(policy) { policies.append(policy) }
    }

    /// Removing what is absent is success.
    public mutating func remove(_ policy: SecurityPolicy) {
        policies.removeAll { $0 == policy }
    }

    /// While a link changes its mode, SAs of both stand: `modes` says which are taken, whatever a policy names. Nil: only
    /// what the policy names.
    public mutating func setModes(_ modes: Set<IPsecMode>?, peer: SiteName) { self.modes[peer] = modes }

    /// Whether the policy's packets may come and go under the SA.
    public func admits(_ association: SecurityAssociation, by policy: SecurityPolicy) -> Bool {
        association.peer == policy.peer && (modes[policy.peer] ?? [policy.mode]).contains(association.mode)
    }

    /// RFC 4301, 5.1: of a peer's outbound SAs, the oldest first, the newest that may carry an encapsulated packet and that the
    /// packet's policy admits.
    ///
    /// While a gateway changes its address, its SAs join other addresses than its tunnel's settings name: the SA decides
    /// between which addresses a packet is encapsulated, so that the two need not change at one moment.
    public func carrier<Entry>(
        among entries: [Entry], of ipProtocol: IPProtocol, _ association: (Entry) -> SecurityAssociation
    ) -> Entry? {
        entries.last { entry in
            let association = association(entry)
            let source = association.local.address, destination = association.remote.address
            let policy = self.policy(.outbound, source: source, destination: destination, ipProtocol: ipProtocol)
            guard let policy, admits(association, by: policy) else { return false }
            return association.allows(source: source, destination: destination, ipProtocol: ipProtocol)
        }
    }

    /// The policy of a packet (RFC 4301, 5.1); nil means drop, for both directions.
    public func policy(
        _ direction: SecurityPolicy.Direction, source: IPAddress, destination: IPAddress, ipProtocol: IPProtocol
    ) -> SecurityPolicy? {
        policies.first {
            $0.direction == direction
                && $0.selector.matches(source: source, destination: destination, ipProtocol: ipProtocol)
        }
    }

    /// Whether an inbound packet may pass (RFC 4301, 5.2): `securityAssociation` is the one that it came under, nil for
    /// one in the clear. Returns why not, or nil.
    public func refusal(
        source: IPAddress, destination: IPAddress, ipProtocol: IPProtocol, securityAssociation: SecurityAssociation?
    ) -> DropReason? {
        if let securityAssociation,
            !securityAssociation.allows(source: source, destination: destination, ipProtocol: ipProtocol)
        {
            return .selectorMismatch
        }
        guard let policy = policy(.inbound, source: source, destination: destination, ipProtocol: ipProtocol) else {
            return .policyMismatch
        }
        switch policy.level {
        case .require:
            guard let securityAssociation else { return .unprotected }
            return admits(securityAssociation, by: policy) ? nil : .policyMismatch
        }
    }
}

extension TrafficSelector {
    /// Whether it speaks of this packet; protocol 0 of the selector is any.
    public func matches(source: IPAddress, destination: IPAddress, ipProtocol: IPProtocol) -> Bool {
        (self.ipProtocol == ipProtocol || self.ipProtocol == .any) && self.source.contains(source)
            && self.destination.contains(destination)
    }
}

extension SecurityAssociation {
    /// Whether one of its selectors speaks of this packet.
    public func allows(source: IPAddress, destination: IPAddress, ipProtocol: IPProtocol) -> Bool {
        selectors.contains { $0.matches(source: source, destination: destination, ipProtocol: ipProtocol) }
    }
}

import ESP
import WarrenModel

/// What commands changed since policies and SAs were last looked up.
struct Stale {
    /// Those with another tunnel, other SAs or modes.
    var peers: Set<SiteName> = []
    /// Policies that came or went: they concern whoever's packets they match, for the first policy that matches decides.
    private var selectors: [TrafficSelector] = []

    var hasPolicies: Bool { !selectors.isEmpty }
    var isEmpty: Bool { peers.isEmpty && selectors.isEmpty }

    mutating func note(_ policy: SecurityPolicy) {
        peers.insert(policy.peer)
        selectors.append(policy.selector)
    }

    /// Whether the packets between these addresses must be looked up again, in either direction.
    func concerns(_ peer: SiteName, addresses: [AddressPair]) -> Bool {
        peers.contains(peer)
            || selectors.contains { selector in
                addresses.contains {
                    (selector.source.contains($0.local) && selector.destination.contains($0.remote))
                        || (selector.source.contains($0.remote) && selector.destination.contains($0.local))
                }
            }
    }
}

extension AddressPair {
    init(_ association: SecurityAssociation) {
        self.init(local: association.local.address, remote: association.remote.address)
    }
}

import ESP
import WarrenModel

/// Keys of SAs that stood here: none may stand again, for its counter would start anew (RFC 4106, 3.1), or what was received
/// under it could be received again (RFC 4303, 3.3.3). IKE never gives one twice; this holds if ever it did.
///
/// Bounded: the latest 4,096. Holds no key, only keyed hashes.
struct SpentKeys {
    static let capacity = 4096
    private var known: Set<Int> = []
    /// In the order in which they came, round and round.
    private var order: [Int] = []
    private var next = 0

    /// False for a key that was here before.
    mutating func admit(_ association: SecurityAssociation) -> Bool {
        // Seeded at random in each process.
        var hasher = Hasher()
        hasher.combine(association.direction)
        association.keyingMaterial.withBytes { hasher.combine(bytes: $0) }
        let fingerprint = hasher.finalize()
        guard known.insert(fingerprint).inserted else { return false }
        if order.count < Self.capacity {
            order.append(fingerprint)
        } else {
            known.remove(order[next])
            order[next] = fingerprint
            next = (next + 1) % Self.capacity
        }
        return true
    }
}

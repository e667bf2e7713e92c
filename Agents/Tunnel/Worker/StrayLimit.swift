import WarrenModel

/// Which packets with an SPI that nobody has are told of: one a second from any one address, whoever floods. Addresses
/// share slots, so that no flood grows anything.
struct StrayLimit {
    private static let slots = 256
    private var lastTold = [MonotonicTime?](repeating: nil, count: Self.slots)
    /// Another in each process, so that nobody can choose addresses that share a peer's slot.
    private let seed = UInt64.random(in: 0 ... .max)

    mutating func mayTell(of address: IPAddress, now: MonotonicTime) -> Bool {
        let low = UInt64(truncatingIfNeeded: address.bits), high = UInt64(truncatingIfNeeded: address.bits >> 64)
        let mixed = (low ^ seed) &* 0x9E37_79B9_7F4A_7C15 ^ (high ^ seed) &* 0xC2B2_AE3D_27D4_EB4F
        let slot = Int(mixed >> 32) % Self.slots
        if let last = lastTold[slot], now.since(last) < .seconds(1) { return false }
        lastTold[slot] = now
        return true
    }
}

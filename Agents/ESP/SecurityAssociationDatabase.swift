import WarrenModel

/// The inbound half of the SAD (RFC 4301, 4.4.2): SPI → entry, by open addressing in flat memory.
///
/// A lookup reads neighbouring words until it meets the SPI or a hole. At most half of the slots are taken.
public struct SecurityAssociationDatabase<Entry>: ~Copyable {
    public private(set) var count = 0
    private var capacity: Int
    /// 0, which no SA can have (RFC 4303, 2.1), marks a hole.
    private var spis: UnsafeMutablePointer<UInt32>
    private var entries: UnsafeMutablePointer<Entry?>

    public init(minimumCapacity: Int = 64) {
        capacity = 64
        while capacity < minimumCapacity * 2 { capacity *= 2 }
        spis = .allocate(capacity: capacity)
        spis.initialize(repeating: 0, count: capacity)
        entries = .allocate(capacity: capacity)
        entries.initialize(repeating: nil, count: capacity)
    }

    deinit {
        entries.deinitialize(count: capacity)
        entries.deallocate()
        spis.deallocate()
    }

    @inline(__always)
    public subscript(spi: UInt32) -> Entry? {
        let slot = slot(of: spi)
        return spi != 0 && spis[slot] == spi ? entries[slot] : nil
    }

    /// The entry of this SPI without a reference to it: good until the table is next changed.
    @inline(__always)
    public func unretained(_ spi: UInt32) -> Unmanaged<Entry>? where Entry: AnyObject {
        let slot = slot(of: spi)
        guard spi != 0, spis[slot] == spi else { return nil }
        // An optional reference and an optional unmanaged one are the same word.
        return UnsafeRawPointer(entries + slot).load(as: Unmanaged<Entry>?.self)
    }

    /// Adds, or replaces the entry of this SPI. SPI 0 is ignored.
    public mutating func insert(_ entry: Entry, spi: UInt32) {
        guard spi != 0 else { return }
        if (count + 1) * 2 > capacity { grow() }
        let slot = slot(of: spi)
        if spis[slot] == 0 { count += 1 }
        spis[slot] = spi
        entries[slot] = entry
    }

    /// Takes the entry out; nil when there is none. Later entries of the same run move up, so that no hole hides them.
    @discardableResult
    public mutating func remove(spi: UInt32) -> Entry? {
        var hole = slot(of: spi)
        guard spi != 0, spis[hole] == spi else { return nil }
        let removed = entries[hole]
        var next = (hole + 1) & (capacity - 1)
        while spis[next] != 0 {
            let distanceToHome = (next &- home(of: spis[next])) & (capacity - 1)
            if distanceToHome >= (next &- hole) & (capacity - 1) {
                spis[hole] = spis[next]
                entries[hole] = entries[next]
                hole = next
            }
            next = (next + 1) & (capacity - 1)
        }
        spis[hole] = 0
        entries[hole] = nil
        count -= 1
        return removed
    }

    /// Calls `body` with each entry, in no order.
    public func forEach(_ body: (Entry) -> Void) {
        for slot in 0..<capacity {
            if let entry = entries[slot] { body(entry) }
        }
    }

    private mutating func grow() {
        var larger = SecurityAssociationDatabase(minimumCapacity: capacity)
        for slot in 0..<capacity {
            if let entry = entries[slot] { larger.insert(entry, spi: spis[slot]) }
        }
        swap(&self, &larger)
    }

    /// Where the SPI is or would be.
    @inline(__always)
    private func slot(of spi: UInt32) -> Int {
        var slot = home(of: spi)
        while spis[slot] != spi, spis[slot] != 0 { slot = (slot &+ 1) & (capacity &- 1) }
        return slot
    }

    /// A multiplicative hash (Fibonacci): peers that count their SPIs up do not make runs.
    @inline(__always)
    private func home(of spi: UInt32) -> Int {
        Int(truncatingIfNeeded: (UInt64(spi) &* 0x9E37_79B9_7F4A_7C15) >> 32) & (capacity &- 1)
    }
}

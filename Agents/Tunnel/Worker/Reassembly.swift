import ESP
import WarrenModel

/// Puts together what peers cut before they protected it: fragments of encapsulating IPv4 packets (RFC 791, 3.2), each
/// authenticated by itself and within its SA's selectors.
///
/// Bounded: a few packets in all, fewer of one SA, a short while each. Nothing may overlap or say two lengths: such a packet is
/// given up whole.
final class Reassembly {
    struct Key: Equatable {
        let spi: UInt32
        let identification: UInt16
        let ipProtocol: UInt8
    }

    private struct Partial {
        let key: Key
        let since: MonotonicTime
        let bytes: UnsafeMutableRawPointer
        /// What is there, in order; neighbours are joined.
        var present: [Range<Int>] = []
        var total: Int?
        var congestion: UInt8
    }

    static let capacity = 16
    static let perAssociation = 4
    static let lifetime = Duration.seconds(15)
    private static let size = 1 << 16

    private var partials: [Partial] = []
    /// Of the packet that was completed last.
    private var finished: UnsafeMutableRawPointer?

    deinit {
        finished?.deallocate()
        for partial in partials { partial.bytes.deallocate() }
    }

    enum Outcome: Equatable {
        case waiting
        case refused
        /// `bytes` stay until the next call.
        case complete(bytes: UnsafeMutableRawPointer, count: Int, congestion: UInt8)
    }

    /// Takes the payload of one fragment.
    func add(
        _ payload: UnsafeRawPointer, count: Int, offset: Int, isLast: Bool, congestion: UInt8, key: Key, now: MonotonicTime
    ) -> Outcome {
        let end = offset &+ count
        guard count > 0, end <= Self.size, isLast || count & 7 == 0 else { return .refused }
        let index = partial(key, congestion: congestion, now: now)
        let isOverlapping = partials[index].present.contains { $0.overlaps(offset..<end) }
        let last = partials[index].present.last?.upperBound ?? 0
        let isLengthRight = partials[index].total.map { end <= $0 && !isLast } ?? (!isLast || end >= last)
        guard !isOverlapping, isLengthRight else {
            giveUp(index)
            return .refused
        }
        (partials[index].bytes + offset).copyMemory(from: payload, byteCount: count)
        if isLast { partials[index].total = end }
        // Congestion that one fragment met, the packet met (RFC 3168, 5.3).
        if congestion == CongestionNotification.experienced { partials[index].congestion = congestion }
        insert(offset..<end, at: index)
        guard let total = partials[index].total, partials[index].present == [0..<total] else { return .waiting }
        let partial = partials.remove(at: index)
        finished?.deallocate()
        finished = partial.bytes
        return .complete(bytes: partial.bytes, count: total, congestion: partial.congestion)
    }

    private func insert(_ range: Range<Int>, at index: Int) {
        var ranges = partials[index].present + [range]
        ranges.sort { $0.lowerBound < $1.lowerBound }
        partials[index].present = ranges.reduce(into: []) { joined, next in
            if let last = joined.last, last.upperBound == next.lowerBound {
                joined[joined.count - 1] = last.lowerBound..<next.upperBound
            } else {
                joined.append(next)
            }
        }
    }

    /// The place of the packet that a fragment belongs to: made when there is none, for which an old one may have to go.
    private func partial(_ key: Key, congestion: UInt8, now: MonotonicTime) -> Int {
        for index in partials.indices.reversed() where now.since(partials[index].since) >= Self.lifetime { giveUp(index) }
        if let index = partials.firstIndex(where: { $0.key == key }) { return index }
        let siblings = partials.indices.filter { partials[$0].key.spi == key.spi }
        if siblings.count >= Self.perAssociation {
            giveUp(siblings[0])
        } else if partials.count >= Self.capacity {
            giveUp(0)
        }
        partials.append(
            Partial(
                key: key, since: now, bytes: .allocate(byteCount: Self.size, alignment: 16),
                congestion: congestion))
        return partials.count - 1
    }

    private func giveUp(_ index: Int) { partials.remove(at: index).bytes.deallocate() }
}

import Foundation
import SeededRandom

/// What a disk holds after the power went: which of the calls that were not flushed yet reached it.
enum PowerCut: Sendable, Hashable, CustomStringConvertible {
    /// Only the process died: all calls count, in their order.
    case processDied
    /// Nothing that was not flushed reached the disk.
    case cacheLost
    /// Of what was not flushed, a random half of the 512-byte sectors reached the disk, whatever the order of the writes.
    case torn(seed: UInt64)

    static let sector = 512
    static let all: [PowerCut] = [.processDied, .cacheLost, .torn(seed: 1), .torn(seed: 2)]

    var description: String {
        switch self {
        case .processDied: "process died"
        case .cacheLost: "cache lost"
        case .torn(let seed): "torn (\(seed))"
        }
    }

    /// The files after `events` and this cut. A file that was made exists; only what it holds may be missing.
    func files(after events: ArraySlice<DiskEvent>) -> [String: [UInt8]] {
        var flushedUpTo: [String: Int] = [:], anyFlush = events.startIndex
        for (index, event) in zip(events.indices, events) {
            if case .sync(let name) = event {
                flushedUpTo[name] = index
                anyFlush = index
            }
        }
        var coin = SeededNumbers(seed: UInt64(events.count) &* 0x9E37_79B9_7F4A_7C15 ^ seed)
        var files: [String: [UInt8]] = [:]
        for (index, event) in zip(events.indices, events) {
            switch event {
            case .create(let name): files[name] = files[name] ?? []
            case .write(let name, let offset, let bytes):
                let isFlushed = index < flushedUpTo[name] ?? events.startIndex
                for part in Self.sectors(offset, bytes.count) where keeps(isFlushed, &coin) {
                    files[name, default: []].put(bytes[(part.lowerBound - offset)..<(part.upperBound - offset)], at: part)
                }
            case .truncate(let name, let size):
                let isFlushed = index < flushedUpTo[name] ?? events.startIndex
                if keeps(isFlushed, &coin) { files[name, default: []].resize(to: size) }
            case .delete(let name, let isFlushed):
                if keeps(isFlushed || index < anyFlush, &coin) { files[name] = nil }
            case .sync, .promise: break
            }
        }
        return files
    }

    private var seed: UInt64 { if case .torn(let seed) = self { seed } else { 0 } }

    private func keeps(_ isFlushed: Bool, _ coin: inout SeededNumbers) -> Bool {
        switch self {
        case .processDied: true
        case .cacheLost: isFlushed
        case .torn: isFlushed || coin.next() & 1 == 1
        }
    }

    /// The byte ranges of `count` bytes at `offset` that lie in one sector each.
    private static func sectors(_ offset: Int, _ count: Int) -> [Range<Int>] {
        var parts: [Range<Int>] = [], start = offset
        while start < offset + count {
            let end = min(offset + count, (start / sector + 1) * sector)
            parts.append(start..<end)
            start = end
        }
        return parts
    }
}

extension [UInt8] {
    fileprivate mutating func resize(to size: Int) {
        if count > size { removeLast(count - size) } else { append(contentsOf: repeatElement(0, count: size - count)) }
    }

    fileprivate mutating func put(_ bytes: ArraySlice<UInt8>, at range: Range<Int>) {
        if count < range.upperBound { resize(to: range.upperBound) }
        replaceSubrange(range, with: bytes)
    }
}

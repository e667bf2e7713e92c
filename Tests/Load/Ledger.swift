import Foundation
import Synchronization
import WarrenModel

/// What the agents of a run saw, and when.
final class Ledger: Sendable {
    enum Entry {
        case received(SiteName, StateVersion, at: Date)
        case lost(SiteName, String)
        case reports(SiteName, bytes: Int)
    }

    struct Receipt: Sendable {
        var site: SiteName
        var version: StateVersion
        var at: Date
    }

    private struct Content {
        var receipts: [Receipt] = []
        var losses: [String: Int] = [:]
        var reportBytes: [SiteName: Int] = [:]
    }

    private let content = Mutex(Content())

    func note(_ entry: Entry) {
        content.withLock { content in
            switch entry {
            case .received(let site, let version, let at):
                content.receipts.append(Receipt(site: site, version: version, at: at))
            case .lost(_, let reason): content.losses[reason, default: 0] += 1
            case .reports(let site, let bytes): content.reportBytes[site] = bytes
            }
        }
    }

    var receipts: [Receipt] { content.withLock { $0.receipts } }
    /// How many bytes the whole fleet sends when each agent reports once.
    var roundBytes: Int { content.withLock { $0.reportBytes.values.reduce(0, +) } }

    /// Why connections ended since the last call, and how often.
    func takeLosses() -> [String: Int] {
        content.withLock { content in
            defer { content.losses = [:] }
            return content.losses
        }
    }
}

/// Seconds, in order.
struct Distribution: CustomStringConvertible {
    let seconds: [Double]
    init(_ seconds: [Double]) { self.seconds = seconds.sorted() }

    func percentile(_ share: Double) -> Double {
        guard !seconds.isEmpty else { return .nan }
        return seconds[min(seconds.count - 1, Int((Double(seconds.count) * share).rounded(.up)) - 1)]
    }

    var description: String {
        String(
            format: "p50 %.3f s, p99 %.3f s, max %.3f s (%d)", percentile(0.5), percentile(0.99), seconds.last ?? .nan,
            seconds.count)
    }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

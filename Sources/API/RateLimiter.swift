import Synchronization
import WarrenModel

/// Buckets of tokens that fill steadily, one for each who asks.
final class RateLimiter: Sendable {
    private struct Bucket {
        var level: Double
        var at: MonotonicTime
    }

    /// More than so many that ask at once share one bucket.
    static let largestNumberOfBuckets = 10_000
    private static let shared = ""

    private let rate: API.Limits.Rate
    private let buckets = Mutex<[String: Bucket]>([:])

    init(_ rate: API.Limits.Rate) { self.rate = rate }

    /// Takes one token: nil, or in how many whole seconds there will be one.
    func take(_ key: String, now: MonotonicTime) -> Int? {
        buckets.withLock { buckets in
            var key = key
            if buckets[key] == nil, buckets.count >= Self.largestNumberOfBuckets {
                buckets = buckets.filter { self.level(of: $0.value, now) < rate.burst }
                if buckets.count >= Self.largestNumberOfBuckets { key = Self.shared }
            }
            let level = buckets[key].map { self.level(of: $0, now) } ?? rate.burst
            buckets[key] = Bucket(level: level >= 1 ? level - 1 : level, at: now)
            guard level < 1 else { return nil }
            // A rate of nothing would be a wait without end.
            return Int(min(86_400, ((1 - level) / rate.perSecond).rounded(.up)))
        }
    }

    private func level(of bucket: Bucket, _ now: MonotonicTime) -> Double {
        min(rate.burst, bucket.level + max(0, now.since(bucket.at).seconds) * rate.perSecond)
    }
}

extension Duration {
    fileprivate var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}

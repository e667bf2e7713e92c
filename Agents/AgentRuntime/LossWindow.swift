import WarrenModel

/// Which of the probes of the last 60 s were answered. Pure.
struct LossWindow {
    static let length: Duration = .seconds(60)
    /// An answer may be on its way for so long.
    static let patience: Duration = .seconds(2)

    /// Oldest first.
    private var probes: [(sequence: UInt16, sentAt: MonotonicTime, isAnswered: Bool)] = []

    mutating func sent(_ sequence: UInt16, at now: MonotonicTime) {
        if let first = probes.firstIndex(where: { now.since($0.sentAt) <= Self.length }), first > 0 {
            probes.removeFirst(first)
        }
        probes.append((sequence, now, false))
    }

    mutating func answered(_ sequence: UInt16) {
        if let index = probes.lastIndex(where: { $0.sequence == sequence }) { probes[index].isAnswered = true }
    }

    /// 0 to 100; nil when nothing can be told yet.
    func lossPercent(now: MonotonicTime) -> Double? {
        let told = probes.filter {
            let age = now.since($0.sentAt)
            return age <= Self.length && ($0.isAnswered || age >= Self.patience)
        }
        guard !told.isEmpty else { return nil }
        return Double(told.count { !$0.isAnswered }) * 100 / Double(told.count)
    }
}

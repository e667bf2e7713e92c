import WarrenModel

extension Rollout {
    /// When a `tick` is due at the latest; nil when only another event can change anything.
    public func deadline() -> MonotonicTime? {
        guard isRunning else { return nil }
        if let regathering { return regathering.until }
        guard let step = steps.last else { return nil }
        guard step.wave < step.waves.count else { return step.barrierSince.map { $0 + waveTimeout } }
        var times = waveSites.compactMap { site -> MonotonicTime? in
            guard let progress = sites[site] else { return nil }
            return switch progress.state {
            case .pending: progress.since + .seconds(Int64(strategy.lateAfterSeconds))
            case .offered, .onTrial, .confirmed: progress.since + waveTimeout
            case .settled, .failed, .late: nil
            }
        }
        if times.isEmpty {
            if let quiet = step.quietSince {
                times.append(quiet + .seconds(Int64(strategy.settleSeconds)))
            } else {
                times.append(lateSites.count > strategy.maxLate.of(sites.count) ? step.waveStarted + waveTimeout : linkDeadline)
            }
        }
        return times.min()
    }
}

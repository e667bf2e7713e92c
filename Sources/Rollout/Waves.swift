import WarrenModel
import WarrenPlan

/// How a step's gateways are divided.
extension Rollout {
    /// The step's waves, of which none is empty, in an order that only the fleet and, for the canary, the connected gateways
    /// decide: those of few links come first, so that hubs come last.
    func waves(of step: TransitionStep) -> (waves: [[SiteName]], hasCanary: Bool) {
        var linkCounts: [SiteName: Int] = [:]
        for link in fleet.links {
            linkCounts[link.first, default: 0] += 1
            linkCounts[link.second, default: 0] += 1
        }
        let count = { (site: SiteName) in linkCounts[site] ?? 0 }
        let all = fleet.sites(in: step).filter { !leftBehind.contains($0) }
            .map { (count: count($0), site: $0) }.sorted { $0 < $1 }.map(\.site)
        let canary = canary(among: all, linkCount: count)
        var waves = canary.isEmpty ? [] : [canary]
        var rest = all.filter { !canary.contains($0) }[...]
        for percent in strategy.batches + [100] {
            let turn = (all.count * min(max(percent, 0), 100) + 99) / 100
            let wave = rest.prefix(max(0, turn - (all.count - rest.count)))
            if !wave.isEmpty { waves.append(Array(wave)) }
            rest = rest.dropFirst(wave.count)
        }
        return (waves, !canary.isEmpty)
    }

    private func canary(among all: [SiteName], linkCount: (SiteName) -> Int) -> [SiteName] {
        switch strategy.canary {
        case .none: return []
        case .sites(let chosen): return all.filter(chosen.contains)
        case .pair:
            let candidates = Set(all).intersection(connected)
            let isPair = { (link: LinkID) in candidates.contains(link.first) && candidates.contains(link.second) }
            // Links of the fleet serve where no changed link has both of its ends in this step.
            let pair =
                fleet.changedLinks.filter(isPair).map { (linkCount($0.first) + linkCount($0.second), $0) }.min { $0 < $1 }?.1
                ?? fleet.links.filter(isPair).map { (linkCount($0.first) + linkCount($0.second), $0) }.min { $0 < $1 }?.1
            if let pair { return pair.sites }
            return all.first(where: candidates.contains).map { [$0] } ?? []
        }
    }

    /// The newest step that the gateway takes part in and has its turn in.
    func dueStep(of site: SiteName) -> TransitionStep? {
        guard let changes = fleet.changes[site] else { return nil }
        return steps.last { changes.contains($0.step) && hasTurn(site, in: $0) }?.step
    }

    func hasItsTurn(_ site: SiteName) -> Bool { dueStep(of: site) != nil }

    private func hasTurn(_ site: SiteName, in step: StepProgress) -> Bool {
        leftBehind.contains(site) || step.step != steps.last?.step
            || step.waves.prefix(step.wave + 1).contains { $0.contains(site) }
    }
}

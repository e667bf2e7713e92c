import SeededRandom
import WarrenModel
import WarrenPlan
import WarrenRollout

/// Fleets to roll out to.
enum Fleets {
    static func names(_ count: Int) -> [SiteName] {
        (0..<count).compactMap { SiteName($0 < 10 ? "s0\($0)" : "s\($0)") }
    }

    /// Every site linked with every other, every link changed.
    static func fullMesh(_ count: Int, steps: Set<TransitionStep> = Set(TransitionStep.allCases)) -> RolloutFleet {
        let names = names(count)
        let links = names.enumerated().flatMap { position, name in
            names[(position + 1)...].compactMap { LinkID(name, $0) }
        }
        return RolloutFleet(
            changes: Dictionary(uniqueKeysWithValues: names.map { ($0, steps) }), links: links,
            changedLinks: steps.count == 3 ? links : [])
    }

    /// The first site is linked with every other.
    static func star(_ count: Int) -> RolloutFleet {
        let names = names(count)
        let links = names.dropFirst().compactMap { LinkID(names[0], $0) }
        let all = Set(TransitionStep.allCases)
        return RolloutFleet(
            changes: Dictionary(uniqueKeysWithValues: names.map { ($0, all) }), links: links, changedLinks: links)
    }

    /// Some of everything: changed links and others, gateways of three steps, of one, and of none.
    static func random(using random: inout SeededNumbers) -> RolloutFleet {
        let names = names(Int.random(in: 2...9, using: &random))
        var changes: [SiteName: Set<TransitionStep>] = [:]
        for name in names {
            switch Int.random(in: 0..<6, using: &random) {
            case 0: changes[name] = [.expand]
            case 1: changes[name] = [.contract]
            case 2: changes[name] = []
            default: changes[name] = Set(TransitionStep.allCases)
            }
        }
        var links: [LinkID] = []
        var changed: [LinkID] = []
        for (position, name) in names.enumerated() {
            for other in names[(position + 1)...] where Int.random(in: 0..<3, using: &random) > 0 {
                guard let link = LinkID(name, other) else { continue }
                links.append(link)
                if changes[name]?.count == 3, changes[other]?.count == 3 { changed.append(link) }
            }
        }
        return RolloutFleet(changes: changes, links: links, changedLinks: changed)
    }
}

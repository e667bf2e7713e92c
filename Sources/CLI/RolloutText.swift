import WarrenAPIModel
import WarrenModel
import WarrenPlan
import WarrenRollout

/// Roll-outs as plain text. Every line ends with a line feed.
enum RolloutText {
    /// One roll-out: a line for each wave with a bar, then who did not come along.
    static func view(_ view: RolloutView, from earlier: Generation? = nil) -> String {
        let kind = view.kind == .rollBack ? "rolling back" : "roll-out"
        var text = "\(kind) to generation \(view.generation)" + (earlier.map { $0 > .none ? " from \($0)" : "" } ?? "")
        text += ": \(word(view.status))" + (view.reason.map { ": \($0)" } ?? "") + "\n"
        for step in view.steps {
            guard !step.waves.isEmpty else {
                text += line(name(step.step), "", done: 0, total: step.total, phase(.pending, in: view))
                continue
            }
            for (number, wave) in step.waves.enumerated() {
                text += line(
                    number == 0 ? name(step.step) : "", wave.name,
                    done: wave.done, total: wave.total, phase(wave.phase, in: view))
            }
        }
        text += view.failed.map { "  failed  \($0.site): \($0.reason)\n" }.joined()
        text += view.late.map { "  late    \($0.site): \($0.reason)\n" }.joined()
        if !view.leftBehind.isEmpty { text += "  left behind: \(names(view.leftBehind))\n" }
        if view.status == .running, !view.underWay.isEmpty, view.underWay.count <= 8 {
            text += "  under way: \(names(view.underWay))\n"
        }
        return text
    }

    /// One line for each roll-out.
    static func list(_ rollouts: [APIMessage.RolloutStatus]) -> String {
        guard !rollouts.isEmpty else { return "no roll-outs yet\n" }
        var text = "generation  from  kind      status       started\n"
        for rollout in rollouts {
            text +=
                StatusText.pad("\(rollout.generation)", 12) + StatusText.pad("\(rollout.from)", 6)
                + StatusText.pad(rollout.view.kind == .rollBack ? "rollback" : "forward", 10)
                + StatusText.pad(word(rollout.view.status), 13) + rollout.startedAt + "\n"
        }
        return text
    }

    static func word(_ status: RolloutView.Status) -> String { status == .rolledBack ? "rolled back" : status.rawValue }

    private static func name(_ step: TransitionStep) -> String { step == .switchOver ? "switch" : step.rawValue }

    /// Of a roll-out that was broken off, nothing runs any more, and nothing is to come.
    private static func phase(_ phase: RolloutView.Phase, in view: RolloutView) -> String {
        guard view.status == .aborted || view.status == .rolledBack else { return phase.rawValue }
        return switch phase {
        case .pending: "not begun"
        case .running: "broken off"
        case .done: "done"
        }
    }

    private static func line(_ step: String, _ wave: String, done: Int, total: Int, _ phase: String) -> String {
        "  " + StatusText.pad(step, 11) + StatusText.pad(wave, 8) + bar(done, of: total) + "  \(done)/\(total)  \(phase)\n"
    }

    /// Twenty cells; none is full before anything is done, and all are only when everything is.
    static func bar(_ done: Int, of total: Int) -> String {
        let width = 20
        let full = total > 0 ? min(max(done, 0), total) * width / total : 0
        return String(repeating: "█", count: full) + String(repeating: "░", count: width - full)
    }

    private static func names(_ sites: [SiteName]) -> String { sites.map(\.description).joined(separator: ", ") }
}

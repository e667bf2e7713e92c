import WarrenAPIModel
import WarrenStatus

/// A diagnosis, a check per line with its evidence.
enum DiagnosisText {
    static func text(_ diagnosis: LinkDiagnosis, colour: Bool) -> String {
        let link = diagnosis.link, state = diagnosis.state
        let width = DiagnosisStep.Check.allCases.map(\.rawValue.count).max() ?? 0
        var lines = ["\(link.first) - \(link.second): \(state.coloured(state.rawValue, colour))"]
        for step in diagnosis.steps {
            let mark = step.verdict.coloured(step.verdict.glyph, colour)
            let name = step.check.rawValue + String(repeating: " ", count: width - step.check.rawValue.count)
            let indent = String(repeating: " ", count: width + 6)
            lines.append("  \(mark) \(name)  \(step.evidence.first ?? step.verdict.rawValue)")
            lines += step.evidence.dropFirst().map { indent + $0 }
            if let remedy = step.remedy { lines.append(indent + "→ \(remedy)") }
        }
        if let failure = diagnosis.firstFailure {
            lines.append("the first that fails: \(failure.rawValue)")
        } else {
            lines.append(diagnosis.isWell ? "every check holds" : "nothing fails, as far as could be seen")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension DiagnosisStep.Verdict {
    var glyph: String {
        switch self {
        case .ok: "●"
        case .failed: "✗"
        case .unknown: "?"
        case .skipped: "○"
        }
    }

    func coloured(_ text: String, _ colour: Bool) -> String { likeness.coloured(text, colour) }

    /// The state of a link that is shown in the same colour.
    private var likeness: LinkState {
        switch self {
        case .ok: .up
        case .failed: .down
        case .unknown: .unknown
        case .skipped: .drained
        }
    }
}

/// What came of trials, one per line.
enum VerificationText {
    static func table(_ results: [APIMessage.Verification], colour: Bool) -> String {
        guard !results.isEmpty else { return "there is nothing to try\n" }
        let rows = results.map { result in
            (mark: mark(result, colour), from: "\(result.from)", to: destination(result), said: said(result))
        }
        let fromWidth = rows.map(\.from.count).max() ?? 0, toWidth = rows.map(\.to.count).max() ?? 0
        func padded(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(0, width - text.count)) }
        let held = results.count { $0.verdict == .holds }
        return rows.map { "\($0.mark) \(padded($0.from, fromWidth))  \(padded($0.to, toWidth))  \($0.said)\n" }.joined()
            + "\(held) of \(results.count) hold\n"
    }

    private static func mark(_ result: APIMessage.Verification, _ colour: Bool) -> String {
        let verdict: DiagnosisStep.Verdict =
            switch result.verdict {
            case .holds: .ok
            case .broken: .failed
            case .unknown: .unknown
            }
        return verdict.coloured(verdict.glyph, colour)
    }

    private static func destination(_ result: APIMessage.Verification) -> String {
        result.to.description == result.destination.description ? "\(result.to)" : "\(result.to) (\(result.destination))"
    }

    private static func said(_ result: APIMessage.Verification) -> String {
        if let reason = result.reason { return reason }
        guard let time = result.roundTripMilliseconds else { return "no answer, as expected" }
        let lost = result.sent - result.answered
        return "answers in \(StatusText.milliseconds(time)) ms" + (lost > 0 ? ", \(lost) of \(result.sent) lost" : "")
    }
}

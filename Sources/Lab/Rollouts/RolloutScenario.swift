/// One change of a running mesh, of which the lab counts what it costs.
public enum RolloutScenario: String, Sendable, Hashable, Codable, CaseIterable {
    case keysRotate = "keys-rotate"
    case siteJoins = "site-joins"
    case modeChanges = "mode-changes"
    case gatewayCutOff = "gateway-cut-off"
    case addressWrong = "address-wrong"
    case siteDrains = "site-drains"
    case rollsBack = "rolls-back"
    case controllerKilled = "controller-killed"
    case agentKilled = "agent-killed"
    case addressMoves = "address-moves"
    case siteLeaves = "site-leaves"
    case hardwareReplaced = "hardware-replaced"
    case agentRevoked = "agent-revoked"
    case changedByHand = "changed-by-hand"
    case stateRestored = "state-restored"

    /// What is done, in words.
    public var title: String {
        switch self {
        case .keysRotate: "every pre-shared key is rotated"
        case .siteJoins: "a site is added, its gateway enrolled"
        case .modeChanges: "ESP changes its mode on every link"
        case .gatewayCutOff: "a plan's routes cut gateways off from the controller"
        case .addressWrong: "a plan's public address is nobody's"
        case .siteDrains: "a site is drained and let back in"
        case .rollsBack: "ESP changes its mode, and an earlier generation is returned to"
        case .controllerKilled: "the controller is killed half way and started again"
        case .agentKilled: "an agent is killed in a trial and started again"
        case .addressMoves: "a learned public address changes"
        case .siteLeaves: "a site is removed"
        case .hardwareReplaced: "a gateway's machine is lost, and another takes its place"
        case .agentRevoked: "an agent is revoked, and another machine enrolled for its site"
        case .changedByHand: "a route is deleted by hand, seen as drift, and repaired"
        case .stateRestored: "the controller's state is lost, and restored from an older backup"
        }
    }

    /// Whose links may lose packets, for that is what was asked for.
    var exempt: Set<String> {
        switch self {
        case .siteDrains, .hardwareReplaced, .agentRevoked: [RolloutMesh.steady]
        case .addressMoves: [RolloutMesh.roaming]
        default: []
        }
    }
}

/// What one scenario showed.
public struct RolloutResult: Sendable, Codable, Equatable {
    public let scenario: RolloutScenario
    public let seconds: Double
    /// How many streams of echoes there were, and echoes in them.
    public let streams: Int
    public let sent: Int
    /// Echoes that were lost on links that had to go on, by stream: `berlin to oslo`.
    public let lost: [String: Int]
    /// Those on links that the change takes away for a while.
    public let lostOnPurpose: Int
    public let repeated: Int
    public let frames: Int
    /// Frames on the internet that must not be there; the first ones, described.
    public let violations: [String]
    public let violationCount: Int
    /// What else was seen.
    public let notes: [String]
    /// What was not as it must be.
    public let faults: [String]

    public var lostCount: Int { lost.values.reduce(0, +) }
    public var holds: Bool { sent > 0 && lostCount == 0 && violationCount == 0 && faults.isEmpty }
}

extension [RolloutResult] {
    /// One line per scenario, and under it what is to be said of it.
    public var text: String {
        func pad(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: Swift.max(0, width - text.count))
        }
        func right(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: Swift.max(0, width - text.count)) + text
        }
        var lines = [
            pad("", 5) + pad("scenario", 19) + right("time", 7) + right("streams", 9) + right("echoes", 9) + right("lost", 6)
                + right("on purpose", 12) + right("frames", 9) + right("in the clear", 14)
        ]
        for result in self {
            let tenths = Int((result.seconds * 10).rounded())
            lines.append(
                pad(result.holds ? "ok" : "FAIL", 5) + pad(result.scenario.rawValue, 19)
                    + right("\(tenths / 10).\(tenths % 10) s", 7) + right("\(result.streams)", 9) + right("\(result.sent)", 9)
                    + right("\(result.lostCount)", 6) + right("\(result.lostOnPurpose)", 12) + right("\(result.frames)", 9)
                    + right("\(result.violationCount)", 14))
            lines += result.lost.sorted { $0.key < $1.key }.map { "       lost \($0.value) from \($0.key)" }
            lines += (result.violations + result.faults).map { "       \($0)" }
            lines += result.notes.map { "       \($0)" }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

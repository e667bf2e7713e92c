import WarrenStatus

/// How a link's state is shown: a glyph that differs without colour, a word, and a colour.
extension LinkState {
    var glyph: String {
        switch self {
        case .up: "●"
        case .degraded: "▲"
        case .connecting: "◐"
        case .waiting: "◌"
        case .drained: "○"
        case .down: "✗"
        case .unknown: "?"
        }
    }

    /// At most four letters.
    var abbreviation: String {
        switch self {
        case .up: "up"
        case .degraded: "dgr"
        case .connecting: "con"
        case .waiting: "wait"
        case .drained: "drn"
        case .down: "DOWN"
        case .unknown: "?"
        }
    }

    var meaning: String {
        switch self {
        case .up: "up: proven by both ends and a probe"
        case .degraded: "degraded"
        case .connecting: "connecting"
        case .waiting: "waits for an address"
        case .drained: "drained"
        case .down: "down"
        case .unknown: "no fresh report"
        }
    }

    /// The number of SGR (ECMA-48, 8.3.117).
    private var colour: Int {
        switch self {
        case .up: 32
        case .degraded, .waiting, .connecting: 33
        case .drained: 36
        case .down: 31
        case .unknown: 35
        }
    }

    func coloured(_ text: String, _ colour: Bool) -> String { colour ? "\u{1B}[\(self.colour)m\(text)\u{1B}[0m" : text }

    /// The first is what somebody should look at first.
    static let worstFirst: [LinkState] = [.down, .degraded, .unknown, .connecting, .waiting, .drained, .up]
}

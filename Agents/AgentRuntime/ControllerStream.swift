import AgentCore
import WarrenModel

/// What an agent says on one connection to a controller.
public struct ControllerStream: Sendable {
    public let id: StreamID
    /// What the gateway ran when the connection was opened.
    public let version: StateVersion
    public let isOnTrial: Bool
    /// Every report from then on, the newest when the reader is slow.
    public let reports: AsyncStream<AgentReport>
    /// Gives a value when this connection is to end and a new one to be opened at once.
    public let replacements: AsyncStream<Void>
}

/// What came of an operator's wish to go back.
struct RollBackAnswer: Sendable, Equatable {
    var isDone: Bool
    var text: String

    init(isDone: Bool, text: String) {
        self.isDone = isDone
        self.text = text
    }

    /// What `AgentState` decided.
    init(_ actions: [AgentState.Action]) {
        self.init(isDone: false, text: "there is nothing to go back to")
        for action in actions {
            switch action {
            case .remember(let rejection?): self.init(isDone: true, text: rejection.reason)
            case .refuse(let reason): self.init(isDone: false, text: reason)
            default: break
            }
        }
    }
}

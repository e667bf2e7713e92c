import WarrenModel

/// The agent's shell around `AgentCore`: everything that has a clock, a file, a socket or a task.
///
/// `Agent` reconciles the gateway through a driver and makes reports; `ControllerSession` brings it desired states and
/// carries its reports; `Enrolment` gets it a certificate; `StateDirectory` keeps what must outlive it; `Prober` sends
/// echo requests through the tunnels. None of them needs another to be up: a gateway runs its last good state alone.
public enum AgentProgram {
    /// What agents tell the controller of themselves.
    public static let version = ProgramVersion.text
}

/// Why the agent could not do something, in words for an operator. Never holds a secret.
public struct AgentError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Code: String, Sendable, Equatable {
        /// A file or directory of the agent's state.
        case storage
        /// The controller could not be reached, or broke off.
        case unreachable
        /// The controller said no.
        case refused
        /// The other side is not who it must be.
        case untrusted
        /// The agent was asked for something that cannot be.
        case invalid
    }

    public let code: Code
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}

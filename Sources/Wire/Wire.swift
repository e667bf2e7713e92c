import WarrenModel

/// What agents and the controller agree on beside the messages of `agent.proto`.
public enum Wire {
    /// The major version that this code speaks; a reader refuses another. See `WireVersion`.
    public static let protocolVersion: UInt32 = 1

    /// The DNS name in every controller's certificate. Agents dial whatever address they are configured with, send this
    /// name (SNI and `:authority`), and verify the certificate against the mesh's authority and this name: an authority
    /// serves one mesh, and gives the name to its controllers only.
    public static let serverName = "warrend"

    /// Where the controller serves agents that hold a certificate (`AgentLink`).
    public static let defaultAgentPort: UInt16 = 7443
    /// Where the controller serves agents that have none yet (`Enrolment`).
    public static let defaultEnrolmentPort: UInt16 = 7444

    /// Both ends ask for a sign of life after this silence …
    public static let keepaliveInterval: Duration = .seconds(10)
    /// … and give a connection up when none comes within this: a dead peer is noticed in 20 s.
    public static let keepaliveTimeout: Duration = .seconds(10)

    /// The largest message in bytes that either end accepts.
    public static let maximumMessageSize = 16 << 20
}

/// Why a message could not be taken: what field, and what is wrong with it. Never quotes a secret.
public struct WireError: Error, Sendable, Hashable, CustomStringConvertible {
    public let field: String
    public let problem: String

    public init(field: String, problem: String) {
        self.field = field
        self.problem = problem
    }

    public var description: String { "\(field): \(problem)" }
}

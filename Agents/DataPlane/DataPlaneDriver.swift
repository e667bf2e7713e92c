import AgentCore
import WarrenModel
import WarrenPlan

/// The adapter to one data plane: what `AgentCore` decides, a driver does, and it tells what is really there.
///
/// A driver touches only what Warren owns on the gateway. Each operation may be repeated: making what is there and
/// removing what is absent both succeed, so a caller that lost track observes and starts over.
public protocol DataPlaneDriver: Sendable {
    /// Readies the data plane: starts or attaches to its daemon. Repeatable; returns at once when all is ready.
    func prepare() async throws(DataPlaneError)

    /// Everything of Warren's that the gateway really has.
    func observe() async throws(DataPlaneError) -> ObservedState

    /// What it can tell of the way to one peer, whose outer addresses those are, beside what `observe` does. Sends nothing to
    /// anybody. Nothing, unless a driver says more.
    func evidence(of peer: SiteName, at outer: AddressPair) async throws(DataPlaneError) -> LinkEvidence

    /// Does one step. `keys` holds the key of every peer that a `setPeer` may name.
    func perform(_ operation: Operation, keys: [PSKReference: PreSharedKey]) async throws(DataPlaneError)

    /// Returns when the data plane lost state by itself (its daemon died), or when the calling task is cancelled. Then
    /// `prepare`, observe and reconcile again, at once. A failure that comes between two calls is not missed.
    func waitForFailure() async
}

extension DataPlaneDriver {
    public func evidence(of peer: SiteName, at outer: AddressPair) async throws(DataPlaneError) -> LinkEvidence {
        LinkEvidence()
    }
}

/// Why a driver could not do what it was asked.
public struct DataPlaneError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Code: String, Sendable, Equatable {
        /// The data plane's daemon does not run or does not answer.
        case unavailable
        /// The kernel, a tool or the daemon refused.
        case refused
        /// The operation names something that cannot be: an unknown key, a name that is not an interface's.
        case invalid
    }

    public let code: Code
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(code.rawValue): \(message)" }
}

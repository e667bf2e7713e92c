/// Why a lab cannot do what was asked, in a sentence for the operator.
public struct LabError: Error, CustomStringConvertible, Equatable {
    public enum Code: Sendable, Equatable {
        /// What the caller asked for makes no sense.
        case usage
        /// Only root may make network namespaces.
        case notRoot
        /// A program that a lab needs is missing.
        case missingProgram
        /// A lab of this mesh stands already, or none stands.
        case wrongState
        /// The inventory cannot be laid out on one machine.
        case unusable
        /// A command or a process of the lab failed.
        case failed
        /// Something did not become ready in time.
        case late
    }

    public let code: Code
    public let message: String
    /// What the failing program said itself.
    public let details: String?

    public init(_ code: Code, _ message: String, details: String? = nil) {
        self.code = code
        self.message = message
        self.details = details
    }

    public var description: String {
        guard let details, !details.isEmpty else { return message }
        return message + "\n" + details.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
    }
}

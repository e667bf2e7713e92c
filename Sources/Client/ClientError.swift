import Foundation
import WarrenAPIModel
import WarrenInventory

/// Why a call of the controller failed, in a sentence for the operator.
public struct ClientError: Error, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        /// What the operator handed in (address, token, certificate) cannot be used.
        case usage
        /// Nothing answers.
        case unreachable
        /// The token is missing, wrong or too weak (401, 403).
        case forbidden
        /// The site, report or route does not exist (404).
        case absent
        /// Somebody else applied a generation meanwhile (409).
        case conflict
        /// The inventory has faults (422): see `diagnostics`.
        case rejected
        /// The controller refused for another reason.
        case refused
        /// The controller failed, or is too busy (429, 5xx).
        case failed
        /// The answer could not be read.
        case malformed
    }

    public let code: Code
    public let message: String
    public let cause: String?
    public let diagnostics: [Diagnostic]

    public init(_ code: Code, _ message: String, cause: String? = nil, diagnostics: [Diagnostic] = []) {
        self.code = code
        self.message = message
        self.cause = cause
        self.diagnostics = diagnostics
    }

    /// From an answer that is not 2xx: an RFC 9457 problem, or whatever it is.
    init(refusal body: Data, status: Int, address: ControllerAddress) {
        let code: Code =
            switch status {
            case 401, 403: .forbidden
            case 404: .absent
            case 409: .conflict
            case 422: .rejected
            case 429, 500...: .failed
            default: .refused
            }
        if let problem = try? JSONDecoder().decode(APIMessage.Problem.self, from: body) {
            let detail = problem.detail.isEmpty ? problem.title : problem.detail
            self.init(code, detail, diagnostics: problem.diagnostics ?? [])
        } else {
            self.init(
                code, "\(address) answered with status \(status)", cause: String(decoding: body.prefix(200), as: UTF8.self))
        }
    }

    /// What happened, and what to do about it, unless the controller says so itself.
    public var description: String {
        let text = cause.map { $0.isEmpty ? message : "\(message) (\($0))" } ?? message
        guard let advice, !text.contains("'warren ") else { return text }
        return "\(text): \(advice)"
    }

    private var advice: String? {
        switch code {
        case .usage, .unreachable: nil
        case .forbidden: "is the token this controller's, and may it do this? 'warren profile show' tells which is used"
        case .absent: "'warren status' lists the sites, 'warren history' the generations"
        case .conflict: "look at 'warren status' and 'warren history', and try again"
        case .rejected: "correct the inventory, and run 'warren validate'"
        case .refused: "'warren version' tells whether controller and program are of one version"
        case .failed: "the controller's log says more; try again later"
        case .malformed: "'warren version' tells whether controller and program are of one version"
        }
    }
}

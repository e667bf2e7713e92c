import Foundation
import WarrenModel

/// An operator whose credential was good.
public struct Principal: Sendable, Hashable {
    public enum Means: String, Sendable, Hashable, Codable, CaseIterable {
        /// The unix socket, which its file's mode guards.
        case socket
        case token
        /// A browser's cookie that was given for a token.
        case session
    }

    /// Of the token, also in its sessions.
    public let name: String
    public let role: AccessRole
    public let means: Means
    /// The name of the credential itself, which says nothing that would help to guess it.
    public let credential: String
    public let expiresAt: Date?

    /// Whoever may open the unix socket.
    public static let socket = Principal(name: "socket", role: .admin, means: .socket, credential: "socket", expiresAt: nil)
}

import WarrenModel

/// One file for a gateway. Its bytes may hold keys, so they are never described.
public struct RenderedFile: Sendable, Equatable {
    public enum Access: Sendable, Hashable {
        /// Mode 0644.
        case everyone
        /// Mode 0755.
        case program
        /// Mode 0600: it holds keys.
        case ownerOnly
    }

    public let name: String
    public let access: Access
    public let bytes: SecretBytes

    /// Each line gets its line feed.
    init(_ name: String, access: Access = .everyone, lines: [String]) {
        self.name = name
        self.access = access
        bytes = SecretBytes(Array((lines.joined(separator: "\n") + "\n").utf8))
    }
}

/// A plan that cannot be written in a format.
public struct RenderError: Error, Hashable, CustomStringConvertible {
    public enum Code: String, Sendable, Hashable {
        /// A name or value would mean something else in the format.
        case syntax
        /// The parts of the plan do not fit together.
        case inconsistent
        /// The public address of one end of a link is not known.
        case awaiting
    }
    public let code: Code
    public let message: String
    public var description: String { message }

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

/// Where a gateway's public addresses come from.
public enum PublicAddressSource: Sendable, Hashable, LosslessStringConvertible {
    /// The inventory says them.
    case inventory
    /// The gateway's agent tells them (`public: dynamic`).
    case agent
    /// They are looked up under this name (RFC 1123): letters, digits, hyphens and dots, in lower case, with at least one dot.
    case name(String)

    public init?(_ description: String) {
        switch description {
        case "inventory": self = .inventory
        case "dynamic": self = .agent
        default:
            guard Self.isName(description) else { return nil }
            self = .name(description)
        }
    }

    public var description: String {
        switch self {
        case .inventory: "inventory"
        case .agent: "dynamic"
        case .name(let name): name
        }
    }

    /// Whether the text is a DNS name of at least two labels that could not be taken for an address.
    public static func isName(_ text: String) -> Bool {
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard text.utf8.count <= 253, labels.count >= 2, let last = labels.last else { return false }
        return labels.allSatisfy(isLabel) && last.contains { (97...122).contains($0) }
    }

    private static func isLabel(_ label: Substring.UTF8View) -> Bool {
        (1...63).contains(label.count) && label.first != 45 && label.last != 45
            && label.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
    }
}

extension PublicAddressSource: Codable {
    public init(from decoder: any Decoder) throws { self = try decodeLossless(from: decoder, what: "source of addresses") }
    public func encode(to encoder: any Encoder) throws { try encodeLossless(self, to: encoder) }
}

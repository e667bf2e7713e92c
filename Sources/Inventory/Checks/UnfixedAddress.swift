/// A public address that is not written down but learned, from the DNS or from the gateway itself: a plan needs the address,
/// since every peer's policies and firewall name it. Refused as an invalid value, with what to write instead.
enum UnfixedAddress {
    static func fault(in node: YAMLNode) -> Fault? {
        guard case .scalar(let text, _) = node.content else { return nil }
        if text == "dynamic" {
            return Fault(
                .invalidValue, at: node.place, "'public' can't be 'dynamic': the peers' policies must name the address",
                remedy: "write the address that the gateway has, and change it here when it changes")
        }
        guard isHostName(text) else { return nil }
        return Fault(
            .invalidValue, at: node.place, "'public' must be an IPv4 or IPv6 address, not the name \(quoted(text))",
            remedy: "look the name up, and write the address")
    }

    /// Labels of letters, digits and hyphens with dots between, the last not a number (RFC 1123, 2.1).
    private static func isHostName(_ text: String) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= 253, labels.count > 1, let last = labels.last,
            !last.utf8.allSatisfy({ (48...57).contains($0) })
        else { return false }
        return labels.allSatisfy { label in
            (1...63).contains(label.utf8.count)
                && label.utf8.allSatisfy {
                    (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0) || $0 == 45
                }
        }
    }
}

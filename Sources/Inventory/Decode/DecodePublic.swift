import WarrenModel

extension Decoding {
    /// `public`: one address, a list with at most one of each family, a DNS name, or `dynamic`. The latter two stand alone.
    mutating func publicAddresses(_ node: YAMLNode, into site: inout DeclaredSite) {
        guard case .sequence = node.content else {
            if let source = learnedSource(node) {
                site.publicAddressSource = source
            } else if let value = publicAddress(node) {
                site.publicAddresses = [Located(value: value, place: node.place)]
            }
            return
        }
        for node in list(node, "'public'", limit: 2) ?? [] {
            if let source = learnedSource(node) {
                let what = source == .agent ? "'dynamic'" : "the name '\(source)'"
                faults.add(
                    Fault(
                        .invalidValue, at: node.place, "'public' may be \(what) alone, not in a list",
                        remedy: "write public: \(source), or addresses only"))
                continue
            }
            guard let value = publicAddress(node) else { continue }
            if site.publicAddresses.contains(where: { $0.value.family == value.family }) {
                let family = value.family == .ipv4 ? "IPv4" : "IPv6"
                faults.add(
                    Fault(.invalidValue, at: node.place, "'public' may have one \(family) address only", remedy: "remove one"))
            } else {
                site.publicAddresses.append(Located(value: value, place: node.place))
            }
        }
    }

    /// The DNS name or `dynamic` that a value is.
    private func learnedSource(_ node: YAMLNode) -> PublicAddressSource? {
        guard case .scalar(let text, _) = node.content, let source = PublicAddressSource(text), source != .inventory else {
            return nil
        }
        return source
    }

    /// `controller`: the address that gateways reach warrend at, or a list of them.
    mutating func controllerAddresses(_ node: YAMLNode) -> [Located<IPAddress>] {
        guard case .sequence = node.content else { return controllerAddress(node).map { [$0] } ?? [] }
        return list(node, "'controller'", limit: 16)?.compactMap { controllerAddress($0) } ?? []
    }

    private mutating func controllerAddress(_ node: YAMLNode) -> Located<IPAddress>? {
        value(node, "'controller'", form: "an IPv4 or IPv6 address") { IPAddress($0) }.map {
            Located(value: $0, place: node.place)
        }
    }

    private mutating func publicAddress(_ node: YAMLNode) -> IPAddress? {
        guard let text = text(node, "'public'") else { return nil }
        if let address = IPAddress(text.value) { return address }
        faults.add(
            Fault(
                .invalidValue, at: text.place,
                "'public' must be an IPv4 or IPv6 address, a DNS name or 'dynamic', not \(quoted(text.value))",
                remedy: Self.remedy(forPublic: text.value)))
        return nil
    }

    /// What was probably meant, or what is wrong with a name; nil for what looks like an address.
    private static func remedy(forPublic text: String) -> String? {
        guard text.utf8.count <= 254, text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else { return nil }
        let lower = text.lowercased()
        if nearest(to: lower, among: ["dynamic"]) != nil { return "did you mean 'dynamic'?" }
        let trimmed = lower.utf8.last == UInt8(ascii: ".") ? String(lower.dropLast()) : lower
        if PublicAddressSource.isName(trimmed) { return "did you mean '\(trimmed)'?" }
        let last = trimmed.split(separator: ".", omittingEmptySubsequences: false).last ?? ""
        guard !trimmed.contains(":"), last.utf8.contains(where: { (97...122).contains($0) }) else { return nil }
        let isOneLabel = !trimmed.contains(".") && PublicAddressSource.isName(trimmed + ".net")
        if isOneLabel { return "write the whole name, such as \(trimmed).example.net" }
        return "a name has labels of a-z, 0-9 and inner hyphens, with single dots between"
    }
}

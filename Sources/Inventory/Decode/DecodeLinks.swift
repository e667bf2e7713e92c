import WarrenModel

extension Decoding {
    /// `links` of all files, each `{between: [SITE, SITE], ipsec}`. What the `ipsec` of a link does not say is as the gateway
    /// has it whose site's name comes first in byte order: that one starts the link.
    mutating func links(in files: [[String: YAMLEntry]], sites: [DeclaredSite]) -> [LocatedLink] {
        let nodes = files.compactMap { $0["links"] }.flatMap {
            list($0.value, "'links'", limit: InventoryLimits.links) ?? []
        }
        let parameters = Dictionary(sites.map { ($0.name.value, $0.ipsec) }) { first, _ in first }
        return nodes.compactMap { link($0, gateways: parameters) }
    }

    private mutating func link(_ node: YAMLNode, gateways: [SiteName: IPsecParameters]) -> LocatedLink? {
        guard let fields = fields(of: node, "a link", known: ["between", "ipsec"]) else { return nil }
        let between = required("between", in: fields, of: "a link", at: node.place)
        let ends = between.flatMap { self.ends(of: $0) }
        let first = ends.map { min($0.0.value, $0.1.value) }
        let inherited = first.flatMap { gateways[$0] } ?? IPsecParameters()
        var own: Located<IPsecParameters>?
        if let entry = fields["ipsec"] {
            own = Located(value: ipsec(entry.value, inherited: inherited), place: entry.value.place)
        }
        return ends.map { LocatedLink(place: node.place, ends: $0, ipsec: own) }
    }

    private mutating func ends(of node: YAMLNode) -> (Located<SiteName>, Located<SiteName>)? {
        guard let items = list(node, "'between'", limit: 2) else { return nil }
        let names = items.compactMap { reference($0, "an end of a link") }
        guard items.count == 2 else {
            faults.add(Fault(.invalidValue, at: node.place, "'between' must name two sites"))
            return nil
        }
        return names.count == 2 ? (names[0], names[1]) : nil
    }

    /// `tests` of all files, each `{from: SITE, to: SITE or ADDRESS, expect: reachable or unreachable}`.
    mutating func tests(in files: [[String: YAMLEntry]]) -> [LocatedTest] {
        let nodes = files.compactMap { $0["tests"] }.flatMap {
            list($0.value, "'tests'", limit: InventoryLimits.tests) ?? []
        }
        return nodes.compactMap { test($0) }
    }

    private mutating func test(_ node: YAMLNode) -> LocatedTest? {
        guard let fields = fields(of: node, "a test", known: ["from", "to", "expect"]) else { return nil }
        let fromNode = required("from", in: fields, of: "a test", at: node.place)
        let toNode = required("to", in: fields, of: "a test", at: node.place)
        let expectNode = required("expect", in: fields, of: "a test", at: node.place)
        let from = fromNode.flatMap { reference($0, "'from'") }
        let to = toNode.flatMap { target($0) }
        let expect = expectNode.flatMap { choice($0, "'expect'", of: ReachabilityTest.Expectation.self) }
        guard let from, let to, let expect else { return nil }
        if to == .site(from.value) {
            faults.add(Fault(.invalidValue, at: node.place, "a test must be between two sites, not \(from.value) alone"))
            return nil
        }
        return LocatedTest(place: node.place, from: from.value, to: to, expect: expect)
    }

    private mutating func target(_ node: YAMLNode) -> ReachabilityTest.Target? {
        // No site's name can be read as an address: it would hold a dot or a colon.
        if case .scalar(let text, _) = node.content, let address = IPAddress(text) { return .address(address) }
        return reference(node, "'to'").map { .site($0.value) }
    }
}

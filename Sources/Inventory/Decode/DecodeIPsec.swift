import WarrenModel

extension Decoding {
    /// `{mode, encapsulation, ike: {version, proposals, lifetime, liveness}, child: {proposals, lifetime, bytes, packets}}`; what is not said
    /// stays as `inherited` has it.
    mutating func ipsec(_ node: YAMLNode, inherited: IPsecParameters) -> IPsecParameters {
        var parameters = inherited
        guard let fields = fields(of: node, "'ipsec'", known: ["mode", "encapsulation", "ike", "child"]) else {
            return parameters
        }
        if let mode = fields["mode"], let value = choice(mode.value, "'mode'", of: IPsecMode.self) {
            parameters.mode = value
        }
        if let entry = fields["encapsulation"],
            let value = choice(entry.value, "'encapsulation'", of: ESPEncapsulation.self)
        {
            parameters.encapsulation = value
        }
        if let ike = fields["ike"] { decode(ike.value, into: &parameters.ike) }
        if let child = fields["child"] { decode(child.value, into: &parameters.child) }
        return parameters
    }

    private mutating func decode(_ node: YAMLNode, into ike: inout IKEParameters) {
        let known = ["version", "proposals", "lifetime", "liveness"]
        guard let fields = fields(of: node, "'ike'", known: known) else { return }
        if let version = fields["version"] {
            _ = value(version.value, "'version' of 'ike'", form: "2") { $0 == "2" ? 2 : nil }
        }
        if let entry = fields["proposals"] {
            let form =
                "ENCRYPTION-PRF-GROUP of \(alternatives(EncryptionAlgorithm.authenticated.map(\.rawValue))); \(names(PseudoRandomFunction.self)); "
                + names(KeyExchangeMethod.self)
            ike.proposals = proposals(entry.value, form: form, examples: Self.ikeExamples) ?? ike.proposals
        }
        if let entry = fields["lifetime"] {
            ike.lifetimeSeconds = duration(entry.value, "'lifetime'", 10...30 * 86_400) ?? ike.lifetimeSeconds
        }
        if let entry = fields["liveness"] {
            ike.livenessSeconds = duration(entry.value, "'liveness'", 1...3600) ?? ike.livenessSeconds
        }
    }

    private mutating func decode(_ node: YAMLNode, into child: inout ChildSAParameters) {
        guard let fields = fields(of: node, "'child'", known: ["proposals", "lifetime", "bytes", "packets"]) else { return }
        if let entry = fields["proposals"] {
            let form = "ENCRYPTION or ENCRYPTION-GROUP of \(names(EncryptionAlgorithm.self)); \(names(KeyExchangeMethod.self))"
            child.proposals = proposals(entry.value, form: form, examples: Self.childExamples) ?? child.proposals
        }
        if let entry = fields["lifetime"] {
            child.lifetimeSeconds = duration(entry.value, "'lifetime'", 10...7 * 86_400) ?? child.lifetimeSeconds
        }
        if let entry = fields["bytes"] {
            let range: ClosedRange<UInt64> = (1 << 20)...(1 << 50)
            let read = value(entry.value, "'bytes'", form: "a size of 1MiB to 1024TiB, such as 64GiB") {
                bytes($0).flatMap { range.contains($0) ? $0 : nil }
            }
            child.lifetimeBytes = read ?? child.lifetimeBytes
        }
        if let entry = fields["packets"] {
            let range: ClosedRange<UInt64> = 1_000...(1 << 50)
            let read = value(entry.value, "'packets'", form: "a number of 1000 to 2^50, such as 4000000000") {
                quantity($0, units: ["": 1]).flatMap { range.contains($0) ? $0 : nil }
            }
            child.lifetimePackets = read ?? child.lifetimePackets
        }
    }

    private mutating func duration(_ node: YAMLNode, _ what: String, _ range: ClosedRange<UInt64>) -> UInt32? {
        let bounds = "\(range.lowerBound)s to \(range.upperBound)s"
        return value(node, what, form: "a time of \(bounds), such as 10s, 90m or 4h") {
            seconds($0).flatMap { range.contains($0) ? UInt32(exactly: $0) : nil }
        }
    }

    private mutating func proposals<Proposal: LosslessStringConvertible & Hashable>(
        _ node: YAMLNode, form: String, examples: [String]
    ) -> [Proposal]? {
        guard let items = list(node, "'proposals'", limit: 16) else { return nil }
        var proposals: [Proposal] = []
        for item in items {
            if let weak = WeakProposal.fault(in: item) {
                faults.add(weak)
                continue
            }
            guard let proposal = value(item, "a proposal", form: form, among: examples, read: { Proposal($0) }) else {
                continue
            }
            if proposals.contains(proposal) {
                faults.add(Fault(.invalidValue, at: item.place, "the proposal '\(proposal)' stands twice"))
            } else {
                proposals.append(proposal)
            }
        }
        return proposals.isEmpty ? nil : proposals
    }

    private func names<Value: RawRepresentable & CaseIterable>(_ type: Value.Type) -> String
    where Value.RawValue == String {
        alternatives(type.allCases.map(\.rawValue))
    }

    private static let ikeExamples = EncryptionAlgorithm.authenticated.flatMap { encryption in
        PseudoRandomFunction.allCases.flatMap { prf in
            KeyExchangeMethod.allCases.map {
                IKEProposal(encryption: encryption, prf: prf, keyExchange: $0).description
            }
        }
    }

    private static let childExamples = EncryptionAlgorithm.allCases.flatMap { encryption in
        ([nil] + KeyExchangeMethod.allCases.map(Optional.some)).map {
            ESPProposal(encryption: encryption, keyExchange: $0).description
        }
    }
}

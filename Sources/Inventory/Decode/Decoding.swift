import WarrenModel

/// The tools that the decoders of every part share: each reads one kind of value, and reports what is not one.
struct Decoding {
    var faults = FaultList()
    /// Every place that held the name of a site declared elsewhere.
    var references: [Located<SiteName>] = []

    /// The entries of a mapping by key; keys that are not `known` are faults. Nil, reported, when it is no mapping.
    mutating func fields(of node: YAMLNode, _ what: String, known: [String]) -> [String: YAMLEntry]? {
        guard let entries = entries(of: node, what) else { return nil }
        var fields: [String: YAMLEntry] = [:]
        for entry in entries {
            if known.contains(entry.key) {
                fields[entry.key] = entry
            } else {
                let remedy = nearest(to: entry.key, among: known).map { "did you mean '\($0)'?" }
                faults.add(
                    Fault(
                        .unknownKey, at: entry.keyPlace, "\(what) has no key \(quoted(entry.key))",
                        remedy: remedy ?? "\(what) may have \(known.joined(separator: ", "))"))
            }
        }
        return fields
    }

    /// The entries of a mapping whose keys are the operator's own names.
    mutating func entries(of node: YAMLNode, _ what: String) -> [YAMLEntry]? {
        if case .mapping(let entries) = node.content { return entries }
        wrongType(node, "\(what) must be a mapping")
        return nil
    }

    /// The field of a mapping that must be there.
    mutating func required(_ key: String, in fields: [String: YAMLEntry], of what: String, at place: Place) -> YAMLNode? {
        if let entry = fields[key] { return entry.value }
        faults.add(Fault(.missingKey, at: place, "\(what) needs the key '\(key)'"))
        return nil
    }

    /// A single value's text. Nil, reported, for a list, a mapping or nothing.
    mutating func text(_ node: YAMLNode, _ what: String) -> Located<String>? {
        if case .scalar(let text, let plain) = node.content, !(plain && (text.isEmpty || text == "~" || text == "null")) {
            return Located(value: text, place: node.place)
        }
        wrongType(node, "\(what) must be a single value")
        return nil
    }

    /// The items of a list of at least one and at most `limit`.
    mutating func list(_ node: YAMLNode, _ what: String, limit: Int) -> [YAMLNode]? {
        guard case .sequence(let items) = node.content else {
            wrongType(node, "\(what) must be a list")
            return nil
        }
        if items.isEmpty {
            faults.add(Fault(.invalidValue, at: node.place, "\(what) must not be empty"))
            return nil
        }
        if items.count > limit {
            faults.add(Fault(.tooLarge, at: items[limit].place, "\(what) may have at most \(limit) items"))
        }
        return Array(items.prefix(limit))
    }

    /// A value that is read from its text; `form` says how a right one looks.
    mutating func value<Value>(
        _ node: YAMLNode, _ what: String, form: String, among words: [String] = [], read: (String) -> Value?
    ) -> Value? {
        guard let text = text(node, what) else { return nil }
        if let value = read(text.value) { return value }
        let remedy = nearest(to: text.value, among: words).map { "did you mean '\($0)'?" }
        faults.add(
            Fault(
                .invalidValue, at: text.place, "\(what) must be \(form), not \(quoted(text.value))", remedy: remedy))
        return nil
    }

    /// One of the cases of an enumeration that is written as its raw value.
    mutating func choice<Value: RawRepresentable & CaseIterable>(
        _ node: YAMLNode, _ what: String, of type: Value.Type
    ) -> Value? where Value.RawValue == String {
        let words = type.allCases.map(\.rawValue)
        return value(node, what, form: alternatives(words), among: words) { Value(rawValue: $0) }
    }

    /// `true` or `false`.
    mutating func truth(_ node: YAMLNode, _ what: String) -> Bool? {
        value(node, what, form: "true or false", among: ["true", "false"]) { Bool($0) }
    }

    /// A whole number in digits, without sign or leading zeros.
    mutating func number(_ node: YAMLNode, _ what: String, _ range: ClosedRange<Int>) -> Located<Int>? {
        let read = value(node, what, form: "a number of \(range.lowerBound) to \(range.upperBound)") { text -> Int? in
            guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }), text.first != "0"
            else { return nil }
            return Int(text).flatMap { range.contains($0) ? $0 : nil }
        }
        return read.map { Located(value: $0, place: node.place) }
    }

    mutating func wrongType(_ node: YAMLNode, _ expectation: String) {
        if case .faulty = node.content { return }
        faults.add(Fault(.wrongType, at: node.place, "\(expectation), not \(node.kind)"))
    }
}

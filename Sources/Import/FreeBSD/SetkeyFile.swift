import WarrenModel

/// Reads what setkey(8) is given: `spdadd` lines that protect with ESP. Statements end in `;`, comments begin with `#`.
enum SetkeyFile {
    static func read(_ file: GatewayFile, into facts: inout GatewayFacts, _ leftOut: inout LeftOutList) {
        for (words, line) in statements(file.text) {
            let source = Source(file: file.name, line: line)
            switch words.first {
            case "flush", "spdflush", nil: continue
            case "spdadd": take(words.dropFirst(), at: source, into: &facts, &leftOut)
            case "add": leftOut.add(source, "a key set by hand: Warren's daemons agree on keys by themselves")
            case "conn", "config", "ca":
                leftOut.add(source, "this is the old ipsec.conf of another program: have it as swanctl.conf")
                return
            // Not named: it may be a piece of a key.
            default: leftOut.add(source, "a statement that is no 'spdadd'")
            }
        }
    }

    /// The words of each statement, with the line that it begins on.
    private static func statements(_ text: String) -> [(words: [String], line: Int)] {
        var statements: [(words: [String], line: Int)] = []
        var words: [String] = []
        var start = 1
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let code = line.prefix { $0 != "#" }
            for (part, piece) in code.split(separator: ";", omittingEmptySubsequences: false).enumerated() {
                if part > 0 { finish() }
                for word in piece.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\r" || $0 == "\r\n" }) {
                    if words.isEmpty { start = number + 1 }
                    words.append(String(word))
                }
            }
        }
        finish()
        return statements

        func finish() {
            if !words.isEmpty { statements.append((words, start)) }
            words = []
        }
    }

    /// `spdadd [-46n] SOURCE DESTINATION PROTOCOL -P DIRECTION [priority …] ipsec RULE …`
    private static func take(
        _ words: ArraySlice<String>, at source: Source, into facts: inout GatewayFacts, _ leftOut: inout LeftOutList
    ) {
        let operands = Array(words.drop { $0.hasPrefix("-") && $0 != "-P" })
        guard let flag = operands.firstIndex(of: "-P"), flag >= 3, operands.indices.contains(flag + 1),
            let from = prefix(operands[0]), let to = prefix(operands[1]), facts.policies.count < ImportLimits.facts
        else {
            leftOut.add(source, "a policy whose ends are no addresses, or one too many")
            return
        }
        let direction = operands[flag + 1]
        let rules = operands[(flag + 2)...].drop { $0 != "ipsec" }.dropFirst()
        guard let rule = rules.first else {
            leftOut.add(source, "the policy from \(from) to \(to): it protects nothing (\(printable(operands.last ?? "")))")
            return
        }
        if rules.count > 1 { leftOut.add(source, "all but the first rule of the policy from \(from) to \(to)") }
        let parts = rule.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 3, parts[0] == "esp", let mode = IPsecMode(rawValue: parts[1]),
            ["in", "out", "fwd"].contains(direction)
        else {
            leftOut.add(source, "the policy \(printable(rule)): Warren protects with ESP alone")
            return
        }
        // What goes out says all; what comes in says it again, the other way round.
        guard direction == "out" else {
            check(parts, at: source, &leftOut)
            return
        }
        check(parts, at: source, &leftOut)
        let hosts = from.length == from.family.bitWidth && to.length == to.family.bitWidth
        var outer = AddressPair(from.address, to.address)
        if mode == .tunnel {
            let ends = parts[2].split(separator: "-").map(String.init)
            outer =
                ends.count == 2 ? IPAddress(ends[0]).flatMap { a in IPAddress(ends[1]).flatMap { AddressPair(a, $0) } } : nil
        }
        guard let outer else {
            leftOut.add(source, "the policy \(printable(rule)): its gateways are not clear")
            return
        }
        let isEncapsulation = hosts && ["ipencap", "4", "ipv4", "ipv6", "41", "any"].contains(operands[2])
        let isNetworks = mode == .tunnel && !hosts && operands[2] == "any"
        facts.policies.append(
            PolicyFact(
                source: source, outer: outer, mode: mode, isEncapsulation: isEncapsulation,
                localNetwork: isNetworks ? from : nil, remoteNetwork: isNetworks ? to : nil))
    }

    private static func check(_ parts: [String], at source: Source, _ leftOut: inout LeftOutList) {
        let level = parts.count > 3 ? parts[3] : "default"
        if level != "require", !level.hasPrefix("unique") {
            leftOut.add(source, "the level \(printable(level)), which lets packets pass in the clear: Warren requires")
        }
    }

    /// `ADDRESS`, `ADDRESS/LENGTH`, either with `[any]`.
    private static func prefix(_ word: String) -> IPPrefix? {
        let text = word.hasSuffix("[any]") ? String(word.dropLast(5)) : word
        return IPPrefix(text) ?? IPAddress(text).map { IPPrefix(host: $0) }
    }
}

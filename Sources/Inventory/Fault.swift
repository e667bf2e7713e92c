/// Where something stands: the number of its file among those loaded, and line and column, which count from 1.
struct Place: Hashable, Comparable {
    var file: Int
    var line: Int
    var column: Int

    static func < (a: Place, b: Place) -> Bool {
        (a.file, a.line, a.column) < (b.file, b.line, b.column)
    }

    func location(in files: [InventoryFile]) -> SourceLocation {
        let name = files.indices.contains(file) ? files[file].name : "inventory"
        return SourceLocation(file: name, line: line, column: column)
    }
}

/// A value and where it was written.
struct Located<Value> {
    var value: Value
    var place: Place
}

/// A diagnostic before files have names.
struct Fault {
    var rule: RuleID
    var place: Place
    var message: String
    var related: Place?
    var remedy: String?

    init(_ rule: RuleID, at place: Place, _ message: String, related: Place? = nil, remedy: String? = nil) {
        self.rule = rule
        self.place = place
        self.message = message
        self.related = related
        self.remedy = remedy
    }

    /// A fault between two places: at the later one in file order, naming the earlier.
    static func between(_ rule: RuleID, _ a: Place, _ b: Place, _ message: String, remedy: String? = nil) -> Fault {
        Fault(rule, at: max(a, b), message, related: min(a, b), remedy: remedy)
    }
}

/// Gathers the faults of a load, at most `InventoryLimits.diagnostics` of them, so that no text makes the list huge.
struct FaultList {
    private(set) var faults: [Fault] = []
    private(set) var omitted = 0
    var isEmpty: Bool { faults.isEmpty }

    mutating func add(_ fault: Fault) {
        if faults.count < InventoryLimits.diagnostics {
            faults.append(fault)
        } else {
            omitted += 1
        }
    }

    mutating func add(_ others: some Sequence<Fault>) {
        for fault in others { add(fault) }
    }

    mutating func add(_ other: FaultList) {
        add(other.faults)
        omitted += other.omitted
    }

    /// In the order of files, lines, columns and rules.
    func diagnostics(files: [InventoryFile]) -> [Diagnostic] {
        var ordered = faults.enumerated().sorted {
            ($0.element.place, $0.element.rule.rawValue, $0.offset) < ($1.element.place, $1.element.rule.rawValue, $1.offset)
        }.map(\.element)
        if omitted > 0, let last = ordered.last {
            ordered.append(Fault(.tooMany, at: last.place, "\(omitted) more faults are not shown"))
        }
        return ordered.map { fault in
            Diagnostic(
                rule: fault.rule, location: fault.place.location(in: files), message: fault.message,
                related: fault.related.map { $0.location(in: files) }, remedy: fault.remedy)
        }
    }
}

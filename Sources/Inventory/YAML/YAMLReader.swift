// libyaml's events rather than Yams' composer: that one copies aliases before its caller could refuse them, stops at
// the first duplicate key of a mapping without the second's place, and calls itself once for each level of nesting.
internal import CYaml

/// Reads one file: text in, a tree that knows its places out, or faults. Aliases, anchors, tags, duplicate keys and more
/// than one document are faults; nothing is ever expanded, so time and memory are linear in the text.
struct YAMLReader {
    /// The document; nil when the text is empty or not YAML.
    private(set) var root: YAMLNode?
    private(set) var faults = FaultList()
    /// The text is YAML, or empty: `root` is all there is.
    private(set) var isReadable = false
    private let file: Int
    private var open: [Collection] = []
    private var nodes = 0

    /// A mapping or sequence whose end has not been read yet.
    private struct Collection {
        let place: Place
        let isMapping: Bool
        var items: [YAMLNode] = []
        var entries: [YAMLEntry] = []
        var key: (text: String, place: Place)?
        var seen: [String: Place] = [:]
    }

    init(file: Int, text: String) {
        self.file = file
        faults.add(controlCharacters(in: text.utf8, file: file))
        guard faults.isEmpty else { return }
        var text = text
        isReadable = text.withUTF8 { read(UnsafeBufferPointer(rebasing: $0.dropFirst(byteOrderMark($0)))) }
        if !isReadable { root = nil }
    }

    /// False when the text is no YAML or reading was given up, which is reported then.
    private mutating func read(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        var parser = yaml_parser_t()
        guard yaml_parser_initialize(&parser) == 1 else {
            faults.add(Fault(.tooLarge, at: Place(file: file, line: 1, column: 1), "not enough memory"))
            return false
        }
        defer { yaml_parser_delete(&parser) }
        yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(&parser, bytes.baseAddress, bytes.count)
        while true {
            var event = yaml_event_t()
            guard yaml_parser_parse(&parser, &event) == 1 else {
                faults.add(syntaxFault(parser))
                return false
            }
            defer { yaml_event_delete(&event) }
            if event.type == YAML_STREAM_END_EVENT { return true }
            if !take(event) { return false }
        }
    }

    /// Takes one event into the tree; false when reading must stop.
    private mutating func take(_ event: yaml_event_t) -> Bool {
        let place = place(event.start_mark)
        switch event.type {
        case YAML_DOCUMENT_START_EVENT:
            if root != nil {
                faults.add(Fault(.syntax, at: place, "a second document starts here", remedy: "use one file for each"))
                return false
            }
        case YAML_ALIAS_EVENT:
            faults.add(aliasFault(at: place, "an alias"))
            return add(YAMLNode(place: place, content: .faulty))
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            refuseDecoration(at: place, anchor: scalar.anchor, tag: scalar.tag)
            let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            let text = String(decoding: bytes, as: UTF8.self)
            if text.unicodeScalars.contains(where: { $0.value < 0x20 || (0x7f...0x9f).contains($0.value) }) {
                faults.add(Fault(.controlCharacter, at: place, "\(quoted(text)) holds a control character"))
                return add(YAMLNode(place: place, content: .faulty))
            }
            let plain = scalar.style == YAML_PLAIN_SCALAR_STYLE
            return add(YAMLNode(place: place, content: .scalar(text, plain: plain)))
        case YAML_SEQUENCE_START_EVENT:
            let sequence = event.data.sequence_start
            refuseDecoration(at: place, anchor: sequence.anchor, tag: sequence.tag)
            return begin(Collection(place: place, isMapping: false))
        case YAML_MAPPING_START_EVENT:
            let mapping = event.data.mapping_start
            refuseDecoration(at: place, anchor: mapping.anchor, tag: mapping.tag)
            return begin(Collection(place: place, isMapping: true))
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
            guard let ended = open.popLast() else { return false }
            let content: YAMLNode.Content = ended.isMapping ? .mapping(ended.entries) : .sequence(ended.items)
            return add(YAMLNode(place: ended.place, content: content))
        default:
            break
        }
        return true
    }

    private mutating func begin(_ collection: Collection) -> Bool {
        open.append(collection)
        if open.count <= InventoryLimits.depth { return true }
        faults.add(Fault(.tooDeep, at: collection.place, "nested more than \(InventoryLimits.depth) levels deep"))
        return false
    }

    /// Puts a finished node where it belongs: into the innermost open collection, or at the root.
    private mutating func add(_ node: YAMLNode) -> Bool {
        nodes += 1
        if nodes > InventoryLimits.nodes {
            faults.add(Fault(.tooLarge, at: node.place, "more than \(InventoryLimits.nodes) values"))
            return false
        }
        guard let last = open.indices.last else {
            root = node
            return true
        }
        if !open[last].isMapping {
            open[last].items.append(node)
        } else if let key = open[last].key {
            open[last].key = nil
            // The first of two equal keys stands, so that what it says is checked as well.
            if let first = open[last].seen[key.text] {
                faults.add(
                    .between(
                        .duplicateKey, first, key.place, "the key \(quoted(key.text)) stands twice in one mapping",
                        remedy: "keep one of the two"))
            } else {
                open[last].seen[key.text] = key.place
                open[last].entries.append(YAMLEntry(key: key.text, keyPlace: key.place, value: node))
            }
        } else if case .scalar(let text, _) = node.content {
            open[last].key = (text, node.place)
        } else {
            if case .faulty = node.content {
            } else {
                faults.add(Fault(.syntax, at: node.place, "a key must be a single value, not \(node.kind)"))
            }
            return false
        }
        return true
    }

    private mutating func refuseDecoration(
        at place: Place, anchor: UnsafeMutablePointer<UInt8>?, tag: UnsafeMutablePointer<UInt8>?
    ) {
        if anchor != nil { faults.add(aliasFault(at: place, "an anchor")) }
        if tag != nil {
            faults.add(Fault(.tag, at: place, "a tag is not allowed", remedy: "write the value without '!…'"))
        }
    }

    private func aliasFault(at place: Place, _ what: String) -> Fault {
        Fault(.alias, at: place, "\(what) is not allowed", remedy: "write the value out, or put it under 'defaults'")
    }

    private func place(_ mark: yaml_mark_t) -> Place {
        Place(file: file, line: Int(clamping: mark.line) &+ 1, column: Int(clamping: mark.column) &+ 1)
    }

    private func syntaxFault(_ parser: yaml_parser_t) -> Fault {
        let problem = parser.problem.map { String(cString: $0) } ?? "cannot be read"
        guard parser.error == YAML_SCANNER_ERROR || parser.error == YAML_PARSER_ERROR else {
            return Fault(.syntax, at: place(parser.mark), problem)
        }
        guard let context = parser.context.map({ String(cString: $0) }) else {
            return Fault(.syntax, at: place(parser.problem_mark), problem)
        }
        // Where the thing began that could not be read to its end.
        let start = place(parser.context_mark)
        return Fault(
            .syntax, at: place(parser.problem_mark), "\(problem) \(context)",
            related: start == place(parser.problem_mark) ? nil : start)
    }
}

/// How many bytes a byte order mark takes at the start of a text: 3 or 0. libyaml skips one only when it guesses encodings.
private func byteOrderMark(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
}

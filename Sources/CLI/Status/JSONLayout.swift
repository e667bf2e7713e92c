/// Lays JSON out for a reader while it streams by, as `JSONEncoder` does with `.prettyPrinted`, however large it is: a full mesh
/// of a thousand sites has half a million links. A copy without the largest member of the outermost object is kept, to be decoded.
///
/// What it does not understand it does not repair: the copy is checked by whoever decodes it, the rest only for what a terminal
/// must not be sent.
struct JSONLayout {
    struct Malformed: Error, Equatable {}

    /// The member of the outermost object that `rest` holds as an empty array.
    private let omitted: [UInt8]
    /// The JSON without the omitted member's value.
    private(set) var rest: [UInt8] = []

    private var depth = 0
    private var isText = false
    private var isEscaped = false
    /// The bracket was opened just now: what follows begins a line.
    private var isOpen = false
    /// A text at this place names a member of the outermost object.
    private var isKey = false
    private var key: [UInt8] = []
    private var isOmitting = false

    private static let greatestDepth = 64
    /// A line end and the indent of the greatest depth.
    private static let lineStart = [UInt8(ascii: "\n")] + [UInt8](repeating: UInt8(ascii: " "), count: 2 * greatestDepth)

    init(omitting member: String) { omitted = Array(member.utf8) }

    /// The next piece, wherever it was cut; what is to be shown of it is appended to `output`.
    mutating func take(_ piece: UnsafeRawBufferPointer, into output: inout [UInt8]) throws(Malformed) {
        var index = 0
        while index < piece.count {
            let end = isText ? endOfText(piece, from: index) : Self.endOfScalar(piece, from: index)
            if end > index {
                if !isText { beginItem(&output) }
                copy(UnsafeRawBufferPointer(rebasing: piece[index..<end]), into: &output)
                index = end
                continue
            }
            let byte = piece[index]
            index += 1
            if isText {
                // A quotation mark: any other byte that ends a run has no place in a text.
                guard byte == UInt8(ascii: "\"") else { throw Malformed() }
                isText = false
                put(byte, &output)
            } else {
                try takeStructure(byte, &output)
            }
        }
    }

    /// The JSON is whole.
    func finish() throws(Malformed) {
        guard depth == 0, !isText, !rest.isEmpty else { throw Malformed() }
    }

    private mutating func takeStructure(_ byte: UInt8, _ output: inout [UInt8]) throws(Malformed) {
        switch byte {
        case UInt8(ascii: "\""):
            beginItem(&output)
            isText = true
            if isKey { key.removeAll(keepingCapacity: true) }
            put(byte, &output)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard depth < Self.greatestDepth else { throw Malformed() }
            beginItem(&output)
            put(byte, &output)
            depth += 1
            isOpen = true
            isKey = depth == 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            guard depth > 0 else { throw Malformed() }
            if isOpen { output.append(UInt8(ascii: "\n")) }
            isOpen = false
            depth -= 1
            if depth == 0 { isOmitting = false }
            beginLine(&output)
            put(byte, &output)
        case UInt8(ascii: ","):
            if depth == 1 {
                isOmitting = false
                isKey = true
            }
            put(byte, &output)
            beginLine(&output)
        case UInt8(ascii: ":"):
            output.append(UInt8(ascii: " "))
            put(byte, &output)
            output.append(UInt8(ascii: " "))
            guard isKey else { break }
            isKey = false
            isOmitting = key == omitted
            if isOmitting { rest += "[]".utf8 }
        case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): break
        default: throw Malformed()
        }
    }

    /// Where the run of bytes of the text ends: at a quotation mark that closes it, at what has no place in it, or with the piece.
    private mutating func endOfText(_ piece: UnsafeRawBufferPointer, from start: Int) -> Int {
        var index = start
        while index < piece.count {
            let byte = piece[index]
            if byte < 0x20 { break }
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\"") {
                break
            } else {
                isEscaped = byte == UInt8(ascii: "\\")
            }
            index += 1
        }
        return index
    }

    /// Where the run of letters, digits, signs and dots ends.
    private static func endOfScalar(_ piece: UnsafeRawBufferPointer, from start: Int) -> Int {
        var index = start
        while index < piece.count {
            switch piece[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
                index += 1
            default: return index
            }
        }
        return index
    }

    private mutating func beginItem(_ output: inout [UInt8]) {
        guard isOpen else { return }
        isOpen = false
        beginLine(&output)
    }

    private func beginLine(_ output: inout [UInt8]) {
        Self.lineStart.withUnsafeBytes { output.append(contentsOf: UnsafeRawBufferPointer(rebasing: $0[..<(1 + 2 * depth)])) }
    }

    private mutating func put(_ byte: UInt8, _ output: inout [UInt8]) {
        output.append(byte)
        if !isOmitting { rest.append(byte) }
    }

    private mutating func copy(_ run: UnsafeRawBufferPointer, into output: inout [UInt8]) {
        output.append(contentsOf: run)
        if isText, isKey { key += run }
        if !isOmitting { rest.append(contentsOf: run) }
    }
}

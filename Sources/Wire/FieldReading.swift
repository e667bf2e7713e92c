import FoundationEssentials
import WarrenModel

/// Checked readers of single fields: each takes what came from the network, and returns a value of the model or throws.
enum Field {
    static func fault(_ field: String, _ problem: String) -> WireError { WireError(field: field, problem: problem) }

    static func site(_ text: String, _ field: String) throws(WireError) -> SiteName {
        guard let name = SiteName(text) else { throw fault(field, "not a site name") }
        return name
    }

    static func address(_ bytes: Data, _ field: String) throws(WireError) -> IPAddress {
        guard let address = IPAddress(bytes: bytes) else { throw fault(field, "\(bytes.count) bytes are not an IP address") }
        return address
    }

    static func prefix(_ address: IPAddress, _ length: UInt32, _ field: String) throws(WireError) -> IPPrefix {
        guard let prefix = IPPrefix(containing: address, length: try narrow(length, field)), prefix.address == address else {
            throw fault(field, "not a canonical prefix")
        }
        return prefix
    }

    /// 1…15 bytes that every kernel takes as an interface's name.
    static func interface(_ text: String, _ field: String) throws(WireError) -> String {
        let bytes = text.utf8
        guard (1...15).contains(bytes.count), let first = bytes.first, isLetter(first),
            bytes.allSatisfy({ isLetter($0) || (48...57).contains($0) || $0 == 45 || $0 == 46 || $0 == 95 })
        else { throw fault(field, "not an interface name") }
        return text
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte) || (65...90).contains(byte) }

    /// A mesh's name: 1…64 bytes of printable ASCII without spaces.
    static func mesh(_ text: String, _ field: String) throws(WireError) -> String {
        guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy({ (33...126).contains($0) }) else {
            throw fault(field, "not a mesh name")
        }
        return text
    }

    /// Text for people: at most 4 KiB; control characters become spaces, so that no terminal is steered by it.
    static func prose(_ text: String, _ field: String) throws(WireError) -> String {
        guard text.utf8.count <= 4096 else { throw fault(field, "longer than 4096 bytes") }
        return String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    }

    static func seconds(_ value: Double, _ field: String) throws(WireError) -> Double {
        guard value.isFinite, value >= 0 else { throw fault(field, "not a finite number of at least 0") }
        return value
    }

    static func narrow<Value: FixedWidthInteger>(_ value: UInt32, _ field: String) throws(WireError) -> Value {
        guard let narrow = Value(exactly: value) else { throw fault(field, "\(value) is out of range") }
        return narrow
    }

    static func positive(_ value: UInt32, atMost limit: UInt32, _ field: String) throws(WireError) -> Int {
        guard (1...limit).contains(value) else { throw fault(field, "\(value) is not within 1…\(limit)") }
        return Int(value)
    }

    static func present<Value>(_ isPresent: Bool, _ value: Value, _ field: String) throws(WireError) -> Value {
        guard isPresent else { throw fault(field, "missing") }
        return value
    }

    static func link(_ message: Warren_Agent_V1_PSKReference, _ field: String) throws(WireError) -> PSKReference {
        let first = try site(message.first, field), second = try site(message.second, field)
        guard let link = LinkID(first, second), link.first == first else { throw fault(field, "not two sites in order") }
        return PSKReference(link: link, epoch: message.epoch)
    }

    static func proposal<Value: LosslessStringConvertible>(_ text: String, _ field: String) throws(WireError) -> Value {
        guard text.utf8.count <= 128, let value = Value(text) else { throw fault(field, "not a known proposal") }
        return value
    }

    static func version(_ version: UInt32) throws(WireError) {
        let version = WireVersion(wire: version)
        if let refusal = version.refusal { throw fault("protocol_version", refusal) }
        guard version <= .current else {
            throw fault("protocol_version", "version \(version) is needed for it, and \(WireVersion.current) is spoken here")
        }
    }
}

extension Sequence {
    /// `map` that keeps the error's type.
    func read<Value>(_ transform: (Element) throws(WireError) -> Value) throws(WireError) -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(underestimatedCount)
        for element in self { values.append(try transform(element)) }
        return values
    }
}

extension IPAddress {
    var wire: Data { withBytes { Data($0) } }
}

extension PSKReference {
    var wire: Warren_Agent_V1_PSKReference {
        .with {
            $0.first = link.first.description
            $0.second = link.second.description
            $0.epoch = epoch
        }
    }
}

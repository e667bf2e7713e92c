import FoundationEssentials
import WarrenModel

/// Prefixes as they stand behind one another on the wire: first those of IPv4, then those of IPv6, each its address and, in a byte, its
/// length. A mesh of a thousand sites has thousands of them on each gateway; as messages of their own they take most of the time in
/// which a state is told.
struct PackedPrefixes {
    private(set) var ipv4: [UInt8] = []
    private(set) var ipv6: [UInt8] = []

    /// False for one of IPv4 behind one of IPv6: that begins another run.
    mutating func append(_ prefix: IPPrefix) -> Bool {
        switch prefix.family {
        case .ipv4:
            guard ipv6.isEmpty else { return false }
            Self.append(prefix, to: &ipv4)
        case .ipv6: Self.append(prefix, to: &ipv6)
        }
        return true
    }

    private static func append(_ prefix: IPPrefix, to bytes: inout [UInt8]) {
        prefix.address.withBytes { bytes.append(contentsOf: $0) }
        bytes.append(UInt8(prefix.length))
    }

    /// Puts items behind one another as long as they are alike and their prefixes may follow, in order.
    static func runs<Item>(
        of items: [Item], prefix: (Item) -> IPPrefix, areAlike: (Item, Item) -> Bool
    ) -> [(first: Item, prefixes: PackedPrefixes)] {
        var runs: [(first: Item, prefixes: PackedPrefixes)] = []
        for item in items {
            if let last = runs.indices.last, areAlike(runs[last].first, item), runs[last].prefixes.append(prefix(item)) {
                continue
            }
            var prefixes = PackedPrefixes()
            _ = prefixes.append(prefix(item))
            runs.append((item, prefixes))
        }
        return runs
    }

    /// The prefixes in these bytes, in order.
    static func read(ipv4: Data, ipv6: Data, _ field: String) throws(WireError) -> [IPPrefix] {
        try read(Array(ipv4), .ipv4, field) + read(Array(ipv6), .ipv6, field)
    }

    private static func read(_ bytes: [UInt8], _ family: AddressFamily, _ field: String) throws(WireError) -> [IPPrefix] {
        let size = family.bitWidth / 8 + 1
        guard bytes.count.isMultiple(of: size) else { throw Field.fault(field, "\(bytes.count) bytes are not whole prefixes") }
        var prefixes: [IPPrefix] = []
        prefixes.reserveCapacity(bytes.count / size)
        for end in stride(from: size - 1, to: bytes.count, by: size) {
            guard let address = IPAddress(bytes: bytes[(end + 1 - size)..<end]) else {
                throw Field.fault(field, "not an IP address")
            }
            prefixes.append(try Field.prefix(address, UInt32(bytes[end]), field))
        }
        return prefixes
    }
}

extension [IPPrefix] {
    init(wire: [Warren_Agent_V1_PrefixRun], _ field: String) throws(WireError) {
        self = []
        for run in wire { append(contentsOf: try PackedPrefixes.read(ipv4: run.ipv4, ipv6: run.ipv6, field)) }
    }

    var packed: [Warren_Agent_V1_PrefixRun] {
        PackedPrefixes.runs(of: self, prefix: \.self) { _, _ in true }.map { run in
            .with {
                $0.ipv4 = Data(run.prefixes.ipv4)
                $0.ipv6 = Data(run.prefixes.ipv6)
            }
        }
    }
}

extension [Route] {
    init(wire: [Warren_Agent_V1_RouteRun], _ field: String) throws(WireError) {
        self = []
        for run in wire {
            let via = run.hasVia ? try Field.address(run.via, field + ".via") : nil
            let interface = try Field.interface(run.interface, field + ".interface")
            for destination in try PackedPrefixes.read(ipv4: run.ipv4, ipv6: run.ipv6, field) {
                append(Route(destination: destination, via: via, interface: interface))
            }
        }
    }

    var packed: [Warren_Agent_V1_RouteRun] {
        PackedPrefixes.runs(of: self, prefix: \.destination) { $0.interface == $1.interface && $0.via == $1.via }.map { run in
            .with {
                $0.interface = run.first.interface
                if let via = run.first.via { $0.via = via.wire }
                $0.ipv4 = Data(run.prefixes.ipv4)
                $0.ipv6 = Data(run.prefixes.ipv6)
            }
        }
    }
}

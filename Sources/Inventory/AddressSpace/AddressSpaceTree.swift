import WarrenModel

/// Makes the tree of an address space. O(n log n) for n networks; a tree is at most as deep as an address has bits.
public enum AddressSpaceTree {
    /// Ranges that sites take their networks from (RFC 1918, RFC 6598, RFC 4193).
    static let ranges: [(prefix: IPPrefix, purpose: String)] = [
        ("10.0.0.0/8", "private (RFC 1918)"), ("100.64.0.0/10", "shared (RFC 6598)"),
        ("172.16.0.0/12", "private (RFC 1918)"), ("192.168.0.0/16", "private (RFC 1918)"),
        ("fd00::/8", "unique local (RFC 4193)"),
    ].compactMap { text, purpose in IPPrefix(text).map { ($0, purpose) } }

    /// The address space of `networks`, which are in the order of the files.
    public static func space(_ networks: [AddressOwner]) -> AddressSpace {
        var building = Building()
        for node in nodes(of: networks) { building.add(node) }
        let roots = building.finish()
        return AddressSpace(roots: roots, collisions: roots.reduce(0) { $0 + collisions(in: $1) })
    }

    /// One node for each prefix that is a range with a network in it, or a network; sorted.
    private static func nodes(of networks: [AddressOwner]) -> [AddressSpaceNode] {
        var nodes: [IPPrefix: AddressSpaceNode] = [:]
        for network in networks {
            nodes[network.prefix, default: AddressSpaceNode(prefix: network.prefix)].owners.append(network)
        }
        for range in ranges where networks.contains(where: { range.prefix.contains($0.prefix) }) {
            nodes[range.prefix, default: AddressSpaceNode(prefix: range.prefix)].purpose = range.purpose
        }
        return nodes.values.sorted { $0.prefix < $1.prefix }
    }

    /// How many owners below and in `node` share addresses with another site's network that holds theirs, or equals it.
    private static func collisions(in node: AddressSpaceNode) -> Int {
        let equal = node.equals.count
        let own = node.collidesWith.isEmpty ? max(0, equal - 1) : node.owners.count
        return node.children.reduce(own) { $0 + collisions(in: $1) }
    }

    /// The nodes that have begun and not ended, each within the one before it. Takes nodes in sorted order.
    private struct Building {
        private var open: [AddressSpaceNode] = []
        private var roots: [AddressSpaceNode] = []

        mutating func add(_ node: AddressSpaceNode) {
            while let last = open.last, !last.prefix.contains(node.prefix) { close() }
            var node = node
            let collision = AddressCollision(with: node.owners)
            for wider in open { node.collidesWith += wider.owners.filter { collision.includes($0) } }
            open.append(node)
        }

        mutating func finish() -> [AddressSpaceNode] {
            while !open.isEmpty { close() }
            return roots
        }

        private mutating func close() {
            guard var node = open.popLast() else { return }
            if node.owners.isEmpty { node.free = FreeAddresses(in: node.prefix, around: node.children.map(\.prefix)) }
            if open.isEmpty { roots.append(node) } else { open[open.count - 1].children.append(node) }
        }
    }
}

/// Who can't have addresses that `owners` have.
struct AddressCollision {
    private let sites: Set<SiteName>
    /// Those that are seen as they are: a translated network collides with no other that is translated.
    private let plainSites: Set<SiteName>

    init(with owners: [AddressOwner]) {
        sites = Set(owners.map(\.site))
        plainSites = Set(owners.filter { !$0.isHidden }.map(\.site))
    }

    func includes(_ owner: AddressOwner) -> Bool {
        let others = owner.isHidden ? plainSites : sites
        return !others.isEmpty && others != [owner.site]
    }
}

extension AddressOwner {
    fileprivate var isHidden: Bool { seenAs != nil }
}

extension FreeAddresses {
    /// What of `range` lies in none of `taken`, which are disjoint prefixes within it in order.
    init(in range: IPPrefix, around taken: [IPPrefix]) {
        var free: [IPPrefix] = []
        var amount: UInt128 = 0
        var next: IPAddress? = range.first
        for prefix in taken {
            if let start = next, prefix.first.bits > start.bits { gap(start, prefix.first.bits - 1) }
            next = prefix.last.advanced(by: 1)
        }
        if let start = next, start.bits <= range.last.bits { gap(start, range.last.bits) }
        count = free.count
        largest = free.sorted { ($0.length, $0.address) < ($1.length, $1.address) }.prefix(Self.shown).map(\.self)
        // The size of a range is a power of two. Halving both keeps the product within 128 bits.
        let hostBits = range.family.bitWidth - range.length
        let shift = UInt128(max(0, hostBits - 100))
        basisPoints = Int(clamping: ((amount >> shift) * 10_000) >> (UInt128(min(hostBits, 128)) - shift))

        /// Takes the addresses of `start` to `end` as the fewest prefixes.
        func gap(_ start: IPAddress, _ end: UInt128) {
            var current: IPAddress? = start
            while let address = current, address.bits <= end {
                var host = min(address.bits.trailingZeroBitCount, range.family.bitWidth - range.length)
                while host > 0, !fits(address.bits, host, end) { host -= 1 }
                guard let prefix = IPPrefix(containing: address, length: range.family.bitWidth - host) else { return }
                free.append(prefix)
                amount += (prefix.last.bits - prefix.first.bits) &+ 1
                current = prefix.last.advanced(by: 1)
            }
        }

        func fits(_ start: UInt128, _ host: Int, _ end: UInt128) -> Bool {
            guard host < 128 else { return start == 0 && end == .max }
            return end - start >= (UInt128(1) << UInt128(host)) &- 1
        }
    }
}

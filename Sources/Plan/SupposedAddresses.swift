import WarrenModel

extension MeshDerivation {
    /// Some site's public addresses are yet to be learned.
    public var isAwaiting: Bool { nodes.contains(where: \.isAwaited) }

    /// How many links have no tunnel yet, since the public address of one end is not known.
    public var awaitedLinkCount: Int {
        guard isAwaiting else { return 0 }
        return nodes.indices.reduce(0) { count, position in
            count + links.peers(of: position).count { $0 > position && nodes[position].outer(to: nodes[$0]) == nil }
        }
    }

    /// The mesh as it will be once every public address is known, with addresses in their place that no host can have: of
    /// 240.0.0.0/4 (RFC 1112, 4) and of the discard prefix 100::/64 (RFC 6666). To judge ways by, never to run.
    public func withEveryAddressSupposed() -> MeshDerivation {
        replacingNodes { number, node in
            guard node.isAwaited else { return node }
            var site = node.site
            let offset = UInt32(truncatingIfNeeded: number) & 0x07ff_ffff
            site.gateway.publicAddresses = [
                IPAddress(v4: 0xf000_0000 | (offset + 1)), IPAddress(v6: 0x100 << 112 | UInt128(offset + 1)),
            ]
            return MeshNode(site, index: node.index)
        }
    }
}

extension Plan {
    /// How many links have no tunnel yet, since the public address of one end is not known.
    public var awaitedLinkCount: Int {
        gateways.reduce(0) { count, gateway in count + gateway.awaiting.count { gateway.site < $0.peer } }
    }
}

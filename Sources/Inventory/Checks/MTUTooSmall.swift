import WarrenModel

/// `mtu-too-small`: what a gateway's way to the Internet carries leaves too little for the packets inside its tunnels:
/// 1280 bytes where they are IPv6 (RFC 8200, 5), 576 where all are IPv4 (RFC 791, 3.1).
enum MTUTooSmall {
    static func faults(in declaration: Declaration, links: MeshLinks) -> [Fault] {
        let hasIPv6 = declaration.sites.map { site in
            site.networks.contains { $0.value.family == .ipv6 } || site.privateAddress?.value.family == .ipv6
        }
        let exceptions = Dictionary(
            declaration.links.compactMap { link in link.link.flatMap { id in link.ipsec.map { (id, $0.value) } } }
        ) { first, _ in first }
        var told: Set<Place> = []
        return declaration.sites.indices.compactMap { index in
            let site = declaration.sites[index]
            // An Ethernet's worth always leaves enough; and what 'defaults' says is told once.
            guard site.mtu.value < PathMTU.assumed, !told.contains(site.mtu.place) else { return nil }
            for peer in links.peers(of: index) {
                let other = declaration.sites[peer]
                guard let link = LinkID(site.name.value, other.name.value) else { continue }
                let starter = link.first == site.name.value ? site : other
                let parameters = exceptions[link] ?? starter.ipsec
                let through = links.transitHub.map { $0 == index || $0 == peer } ?? false
                let carriesIPv6 = through ? hasIPv6[index] || hasIPv6[peer] : hasIPv6[index] && hasIPv6[peer]
                let least = carriesIPv6 ? 1280 : 576
                let left = { largest(site, other, parameters, pathMTU: $0) }
                guard let size = left(min(site.mtu.value, other.mtu.value)), size < least else { continue }
                told.insert(site.mtu.place)
                let enough = InventoryLimits.mtu.first { left($0) ?? 0 >= least }
                return Fault(
                    .mtuTooSmall, at: site.mtu.place,
                    "\(min(site.mtu.value, other.mtu.value)) bytes leave \(size) for packets from \(site.name.value) to "
                        + "\(other.name.value); \(carriesIPv6 ? "IPv6" : "IPv4") needs \(least)",
                    remedy: enough.map { "find a way to the Internet that carries \($0), or more" })
            }
            return nil
        }
    }

    private static func largest(
        _ site: DeclaredSite, _ other: DeclaredSite, _ parameters: IPsecParameters, pathMTU: Int
    ) -> Int? {
        let family = AddressFamily.allCases.first { family in
            [site, other].allSatisfy { $0.mayHavePublicAddress(of: family) }
        }
        return family.map {
            PathMTU.largestInnerPacket(
                of: parameters, pathMTU: pathMTU, outerFamily: $0,
                udpEncapsulation: parameters.encapsulation.usesUDP(
                    isEmbedded: site.platform == .embedded || other.platform == .embedded))
        }
    }
}

extension DeclaredSite {
    /// Addresses that are learned later may be of either family; the one with the smaller header is enough to judge by.
    fileprivate func mayHavePublicAddress(of family: AddressFamily) -> Bool {
        publicAddressSource != .inventory || publicAddresses.contains { $0.value.family == family }
    }
}

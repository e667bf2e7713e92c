import WarrenModel

/// `family-mismatch`: the private addresses of all gateways are of one family, since a tunnel has one pair of them; and
/// the gateways of every link have public addresses of one family, since their packets need one header.
enum FamilyMismatch {
    static func faults(in declaration: Declaration, links: MeshLinks) -> [Fault] {
        inner(declaration) + outer(declaration, links)
    }

    private static func inner(_ declaration: Declaration) -> [Fault] {
        let addresses = declaration.sites.compactMap(\.privateAddress)
        guard let first = addresses.first else { return [] }
        return addresses.filter { $0.value.family != first.value.family }.map {
            .between(
                .familyMismatch, first.place, $0.place,
                "the private address \($0.value) is \(name($0.value.family)), while \(first.value) is "
                    + name(first.value.family), remedy: "give all gateways private addresses of one family")
        }
    }

    /// One fault for each site at most: its first peer in file order that it has no family in common with.
    private static func outer(_ declaration: Declaration, _ links: MeshLinks) -> [Fault] {
        let only = declaration.sites.map { $0.publicAddresses.count == 1 ? $0.publicAddresses[0] : nil }
        guard Set(only.compactMap { $0?.value.family }).count > 1 else { return [] }
        return only.indices.compactMap { index in
            guard let address = only[index] else { return nil }
            for peer in links.peers(of: index) where peer < index {
                guard let other = only[peer], other.value.family != address.value.family else { continue }
                return .between(
                    .familyMismatch, other.place, address.place,
                    "\(declaration.sites[index].name.value) has only an \(name(address.value.family)) public address, "
                        + "\(declaration.sites[peer].name.value) only an \(name(other.value.family))",
                    remedy: "add a public address, so that both have one of the same family")
            }
            return nil
        }
    }

    private static func name(_ family: AddressFamily) -> String { family == .ipv4 ? "IPv4" : "IPv6" }
}

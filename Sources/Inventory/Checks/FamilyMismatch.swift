import WarrenModel

/// `family-mismatch`: the private addresses of all gateways are of one family, since a tunnel has one pair of them; and
/// every two gateways have public addresses of one family, since their packets need one header.
enum FamilyMismatch {
    static func faults(in declaration: Declaration) -> [Fault] {
        inner(declaration) + outer(declaration)
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

    private static func outer(_ declaration: Declaration) -> [Fault] {
        var faults: [Fault] = []
        var firstWithOnly: [AddressFamily: (site: DeclaredSite, place: Place, family: AddressFamily)] = [:]
        for site in declaration.sites {
            guard let address = site.publicAddresses.first, site.publicAddresses.count == 1 else { continue }
            let family = address.value.family
            if let other = firstWithOnly[family == .ipv4 ? .ipv6 : .ipv4] {
                faults.append(
                    .between(
                        .familyMismatch, other.place, address.place,
                        "\(site.name.value) has only an \(name(family)) public address, \(other.site.name.value) only an "
                            + name(other.family),
                        remedy: "add a public address, so that both have one of the same family"))
            }
            if firstWithOnly[family] == nil { firstWithOnly[family] = (site, address.place, family) }
        }
        return faults
    }

    private static func name(_ family: AddressFamily) -> String { family == .ipv4 ? "IPv4" : "IPv6" }
}

/// `private-not-in-networks`: a gateway's private address must lie in a network of its own site.
enum PrivateNotInNetworks {
    static func faults(in declaration: Declaration) -> [Fault] {
        declaration.sites.compactMap { site in
            guard site.networksAreComplete, let address = site.privateAddress,
                !site.networks.contains(where: { $0.value.contains(address.value) }), let first = site.networks.first
            else { return nil }
            let many = site.networks.count > 3
            let names = site.networks.prefix(3).map { "\($0.value)" }.joined(separator: ", ") + (many ? ", …" : "")
            let other = site.networks.first { $0.value.family == address.value.family } ?? first
            let example =
                other.value.length < other.value.family.bitWidth ? other.value.first.advanced(by: 1) : other.value.first
            return .between(
                .privateNotInNetworks, address.place, other.place,
                "the private address \(address.value) lies in no network of \(site.name.value) (\(names))",
                remedy: example.map { "use an address of \(other.value), such as \($0)" })
        }
    }
}

import WarrenModel

/// `public-duplicate`: two gateways can't have one public address.
enum PublicDuplicate {
    static func faults(in declaration: Declaration) -> [Fault] {
        var owners: [IPAddress: (site: DeclaredSite, place: Place)] = [:]
        var faults: [Fault] = []
        for site in declaration.sites {
            for address in site.publicAddresses {
                if let owner = owners[address.value] {
                    faults.append(
                        .between(
                            .publicDuplicate, owner.place, address.place,
                            "\(site.name.value) and \(owner.site.name.value) both have the public address \(address.value)",
                            remedy: "each gateway needs a public address of its own"))
                } else {
                    owners[address.value] = (site, address.place)
                }
            }
        }
        return faults
    }
}

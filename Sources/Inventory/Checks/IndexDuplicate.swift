/// `index-duplicate`: two sites can't have one number, since it names the tunnels to them.
enum IndexDuplicate {
    static func faults(in declaration: Declaration) -> [Fault] {
        var owners: [Int: (site: DeclaredSite, place: Place)] = [:]
        var faults: [Fault] = []
        for site in declaration.sites {
            guard let index = site.index else { continue }
            if let owner = owners[index.value] {
                faults.append(
                    .between(
                        .indexDuplicate, owner.place, index.place,
                        "\(site.name.value) and \(owner.site.name.value) both have the index \(index.value)",
                        remedy: "give one of them another, or none"))
            } else {
                owners[index.value] = (site, index.place)
            }
        }
        return faults
    }
}

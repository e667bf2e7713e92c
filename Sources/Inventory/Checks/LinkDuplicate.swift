import WarrenModel

/// `link-duplicate`: one pair stands under `links` twice, in whichever order.
enum LinkDuplicate {
    static func faults(in declaration: Declaration) -> [Fault] {
        var places: [LinkID: Place] = [:]
        var faults: [Fault] = []
        for declared in declaration.links {
            guard let link = declared.link else { continue }
            if let earlier = places[link] {
                faults.append(
                    .between(
                        .linkDuplicate, earlier, declared.place,
                        "the link between \(link.first) and \(link.second) is declared twice",
                        remedy: "say all of it in one of the two"))
            } else {
                places[link] = declared.place
            }
        }
        return faults
    }
}

/// `too-large`: the plan of the mesh would be too large to be held.
enum MeshSize {
    static func faults(in declaration: Declaration) -> [Fault] {
        var networks = 0
        for site in declaration.sites {
            networks += site.networks.count
            if networks > InventoryLimits.routes / max(1, declaration.sites.count) {
                return [
                    Fault(
                        .tooLarge, at: site.name.place,
                        "the mesh would have more than \(InventoryLimits.routes) routes",
                        remedy: "declare fewer and wider networks")
                ]
            }
        }
        return []
    }
}

import WarrenModel

extension Decoding {
    private static let rootKeys = ["version", "mesh", "controller", "topology", "defaults", "sites", "links", "tests"]

    /// The declaration that all files make together. Sites and the controller's addresses add up; what the mesh has once may stand in several files
    /// as long as they agree; `defaults` stands in one.
    mutating func declaration(of roots: [YAMLNode]) -> Declaration {
        let files = roots.compactMap { fields(of: $0, "the inventory", known: Self.rootKeys) }
        let start = roots.first?.place ?? Place(file: 0, line: 1, column: 1)
        var declaration = Declaration()
        _ = once("version", in: files, at: start, telling: quoted) { decoding, node in
            decoding.value(node, "'version'", form: "1") { $0 == "1" ? $0 : nil }
        }
        declaration.mesh = once("mesh", in: files, at: start, telling: quoted) { $0.name($1, "'mesh'") }
        declaration.controllerAddresses = files.compactMap { $0["controller"] }.flatMap { controllerAddresses($0.value) }
        declaration.topology = files.contains { $0["topology"] != nil } ? nil : .fullMesh
        if declaration.topology == nil {
            declaration.topology = once("topology", in: files, at: start, telling: \.kind) { $0.topology($1) }
        }
        let defaults = self.defaults(in: files)
        let sites = self.sites(in: files, at: start, defaults: defaults, into: &declaration)
        declaration.sites = sites
        declaration.links = links(in: files, sites: declaration.sites)
        declaration.tests = tests(in: files)
        declaration.references = references
        return declaration
    }

    /// The value of a key that all files which have it must agree on, and one must have.
    private mutating func once<Value: Equatable>(
        _ key: String, in files: [[String: YAMLEntry]], at start: Place, telling text: (Value) -> String,
        read: (inout Decoding, YAMLNode) -> Value?
    ) -> Value? {
        var found: Located<Value>?
        let entries = files.compactMap { $0[key] }
        if entries.isEmpty { faults.add(Fault(.missingKey, at: start, "the inventory needs the key '\(key)'")) }
        for entry in entries {
            guard let value = read(&self, entry.value) else { continue }
            if let found, found.value != value {
                let (here, before) = (text(value), text(found.value))
                faults.add(
                    .between(
                        .contradiction, found.place, entry.value.place,
                        here == before
                            ? "'\(key)' is another \(here) here than before" : "'\(key)' is \(here) here and \(before) before",
                        remedy: "let both say the same"))
            } else if found == nil {
                found = Located(value: value, place: entry.value.place)
            }
        }
        return found?.value
    }

    private mutating func defaults(in files: [[String: YAMLEntry]]) -> Defaults {
        let entries = files.compactMap { $0["defaults"] }
        guard let first = entries.first else { return Defaults() }
        for other in entries.dropFirst() {
            faults.add(
                .between(
                    .duplicateKey, first.keyPlace, other.keyPlace, "'defaults' stands in another file already",
                    remedy: "keep one of the two"))
        }
        return defaults(first.value)
    }

    private mutating func sites(
        in files: [[String: YAMLEntry]], at start: Place, defaults: Defaults, into declaration: inout Declaration
    ) -> [DeclaredSite] {
        let maps = files.compactMap { $0["sites"] }
        guard let first = maps.first else {
            faults.add(Fault(.missingKey, at: start, "the inventory needs the key 'sites'"))
            return []
        }
        let declared = maps.flatMap { entries(of: $0.value, "'sites'") ?? [] }
        if declared.isEmpty, case .mapping = first.value.content {
            faults.add(Fault(.invalidValue, at: first.value.place, "'sites' must name at least one site"))
        }
        if declared.count > InventoryLimits.sites {
            let place = declared[InventoryLimits.sites].keyPlace
            faults.add(Fault(.tooLarge, at: place, "a mesh may have at most \(InventoryLimits.sites) sites"))
            declaration.hasUnnamedSites = true
            return []
        }
        var seen: [String: Place] = [:]
        var sites: [DeclaredSite] = []
        for entry in declared {
            if let earlier = seen[entry.key] {
                faults.add(
                    .between(
                        .duplicateKey, earlier, entry.keyPlace, "the site \(quoted(entry.key)) is declared twice",
                        remedy: "rename one of the two"))
                continue
            }
            seen[entry.key] = entry.keyPlace
            if let site = site(entry, defaults: defaults) {
                sites.append(site)
            } else {
                declaration.hasUnnamedSites = true
            }
        }
        return sites
    }
}

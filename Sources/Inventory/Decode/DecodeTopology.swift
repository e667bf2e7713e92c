import WarrenModel

extension Decoding {
    /// `full-mesh`, `explicit`, `{kind: hub-and-spoke, hubs: [SITE, …]}` or `{kind: groups, groups: {NAME: [SITE, …], …}}`.
    mutating func topology(_ node: YAMLNode) -> Topology? {
        guard case .mapping(let entries) = node.content else {
            let read: String? = kind(node, "'topology'")
            switch read {
            case "full-mesh": return .fullMesh
            case "explicit": return .explicit
            case let kind?:
                let example = kind == "groups" ? "groups: {NAME: [SITE, …]}" : "hubs: [SITE, …]"
                faults.add(
                    Fault(
                        .missingKey, at: node.place, "'topology' says '\(kind)', but not of which sites",
                        remedy: "write {kind: \(kind), \(example)}"))
                return nil
            case nil: return nil
            }
        }
        let known: [String: [String]] = ["hub-and-spoke": ["kind", "hubs"], "groups": ["kind", "groups"]]
        guard let entry = entries.first(where: { $0.key == "kind" }) else {
            if fields(of: node, "'topology'", known: ["kind", "hubs", "groups"]) != nil {
                _ = required("kind", in: [:], of: "'topology'", at: node.place)
            }
            return nil
        }
        guard let kind = kind(entry.value, "'kind'") else { return nil }
        let what = "'topology' of kind '\(kind)'"
        guard let fields = fields(of: node, what, known: known[kind] ?? ["kind"]) else { return nil }
        switch kind {
        case "full-mesh": return .fullMesh
        case "explicit": return .explicit
        case "groups":
            guard let groups = required("groups", in: fields, of: what, at: node.place) else { return nil }
            return siteGroups(groups).map { .groups($0) }
        default:
            guard let hubs = required("hubs", in: fields, of: what, at: node.place) else { return nil }
            return siteNames(hubs, "'hubs'").map { .hubAndSpoke(hubs: $0) }
        }
    }

    private mutating func kind(_ node: YAMLNode, _ what: String) -> String? {
        value(node, what, form: alternatives(Topology.kinds), among: Topology.kinds) {
            Topology.kinds.contains($0) ? $0 : nil
        }
    }

    private mutating func siteGroups(_ node: YAMLNode) -> [SiteGroup]? {
        guard let entries = entries(of: node, "'groups'") else { return nil }
        if entries.isEmpty {
            faults.add(Fault(.invalidValue, at: node.place, "'groups' must name at least one group"))
            return nil
        }
        var groups: [SiteGroup] = []
        for entry in entries {
            let key = YAMLNode(place: entry.keyPlace, content: .scalar(entry.key, plain: false))
            let name = name(key, "a group's name")
            let sites = siteNames(entry.value, "the group \(quoted(entry.key))")
            if let name, let sites { groups.append(SiteGroup(name: name, sites: sites)) }
        }
        return groups.count == entries.count ? groups : nil
    }

    /// A list of different sites. Nil when any of it is faulty.
    private mutating func siteNames(_ node: YAMLNode, _ what: String) -> [SiteName]? {
        guard let items = list(node, what, limit: InventoryLimits.sites) else { return nil }
        var places: [SiteName: Place] = [:]
        var names: [SiteName] = []
        for item in items {
            guard let name = reference(item, "a site of \(what)") else { continue }
            if let earlier = places[name.value] {
                faults.add(
                    .between(
                        .invalidValue, earlier, name.place, "\(what) names \(name.value) twice", remedy: "remove one of the two"
                    ))
            } else {
                places[name.value] = name.place
                names.append(name.value)
            }
        }
        return names.count == items.count ? names : nil
    }

    /// The name of a site that stands in place of the site: it is noted, to be looked up when all sites are known.
    mutating func reference(_ node: YAMLNode, _ what: String) -> Located<SiteName>? {
        guard let name = name(node, what).flatMap({ SiteName($0) }) else { return nil }
        let located = Located(value: name, place: node.place)
        references.append(located)
        return located
    }
}

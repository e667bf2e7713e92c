import WarrenModel

/// What a site's gateway gets when it says nothing itself.
struct Defaults {
    var platform = Platform.embedded
    var ipsec = IPsecParameters()
    var mtu: Located<Int>?
}

extension Decoding {
    /// `{platform, ipsec, mtu}`.
    mutating func defaults(_ node: YAMLNode) -> Defaults {
        var defaults = Defaults()
        guard let fields = fields(of: node, "'defaults'", known: ["platform", "ipsec", "mtu"]) else { return defaults }
        if let entry = fields["platform"], let value = choice(entry.value, "'platform'", of: Platform.self) {
            defaults.platform = value
        }
        if let entry = fields["ipsec"] { defaults.ipsec = ipsec(entry.value, inherited: defaults.ipsec) }
        if let entry = fields["mtu"] { defaults.mtu = number(entry.value, "'mtu'", InventoryLimits.mtu) }
        return defaults
    }

    private static let siteKeys = ["gateway", "networks", "translate", "tags", "index", "drained"]

    /// `NAME: {gateway, networks, translate, tags, index, drained}`; nil only when the name is none.
    mutating func site(_ entry: YAMLEntry, defaults: Defaults) -> DeclaredSite? {
        let key = YAMLNode(place: entry.keyPlace, content: .scalar(entry.key, plain: false))
        let siteName = name(key, "a site's name").flatMap { SiteName($0) }
        // What it says is read even when its name is not one, so that all its faults are told at once.
        let spare = SiteName("unnamed")
        guard let used = siteName ?? spare else { return nil }
        var site = DeclaredSite(name: Located(value: used, place: entry.keyPlace))
        site.platform = defaults.platform
        site.ipsec = defaults.ipsec
        if let mtu = defaults.mtu { site.mtu = mtu }
        let what = "the site \(quoted(entry.key))"
        guard let fields = fields(of: entry.value, what, known: Self.siteKeys) else {
            return siteName == nil ? nil : site
        }
        if let node = required("gateway", in: fields, of: what, at: entry.keyPlace) {
            gateway(node, of: what, into: &site)
        }
        if let node = required("networks", in: fields, of: what, at: entry.keyPlace) {
            networks(node, into: &site)
        }
        if let entry = fields["translate"] { site.translations = translations(entry.value) }
        if let entry = fields["tags"], let items = list(entry.value, "'tags'", limit: 64) {
            site.tags = items.compactMap { name($0, "a tag") }
        }
        if let entry = fields["index"] { site.index = number(entry.value, "'index'", InventoryLimits.indexes) }
        if let entry = fields["drained"] { site.isDrained = truth(entry.value, "'drained'") ?? false }
        return siteName == nil ? nil : site
    }

    /// `{public, private, platform, ipsec, mtu}`.
    private mutating func gateway(_ node: YAMLNode, of owner: String, into site: inout DeclaredSite) {
        let what = "the gateway of \(owner)"
        guard let fields = fields(of: node, what, known: ["public", "private", "platform", "ipsec", "mtu"]) else { return }
        if let node = required("public", in: fields, of: what, at: node.place) {
            publicAddresses(node, into: &site)
        }
        if let node = required("private", in: fields, of: what, at: node.place), let value = address(node, "'private'") {
            site.privateAddress = Located(value: value, place: node.place)
        }
        if let entry = fields["platform"], let value = choice(entry.value, "'platform'", of: Platform.self) {
            site.platform = value
        }
        if let entry = fields["ipsec"] { site.ipsec = ipsec(entry.value, inherited: site.ipsec) }
        if let entry = fields["mtu"], let mtu = number(entry.value, "'mtu'", InventoryLimits.mtu) { site.mtu = mtu }
    }

    private mutating func networks(_ node: YAMLNode, into site: inout DeclaredSite) {
        guard let items = list(node, "'networks'", limit: InventoryLimits.routes) else { return }
        site.networksAreComplete = true
        for item in items {
            if let prefix = prefix(item) {
                site.networks.append(Located(value: prefix, place: item.place))
            } else {
                site.networksAreComplete = false
            }
        }
    }

    /// A prefix. One with host bits is reported and then taken as the prefix that holds it, so that checks go on.
    mutating func prefix(_ node: YAMLNode, _ what: String = "a network") -> IPPrefix? {
        let form = "a prefix such as 192.168.1.0/24"
        let read = value(node, what, form: form) { text -> (prefix: IPPrefix, isExact: Bool)? in
            guard let (address, length) = IPPrefix.parse(text) else { return nil }
            return IPPrefix(containing: address, length: length).map { ($0, $0.address == address) }
        }
        guard let read else { return nil }
        if !read.isExact, let text = text(node, what) {
            faults.add(
                Fault(
                    .hostBitsSet, at: node.place,
                    "\(quoted(text.value)) has bits set past its first \(read.prefix.length)",
                    remedy: "write \(read.prefix)"))
        }
        return read.prefix
    }

    mutating func address(_ node: YAMLNode, _ what: String) -> IPAddress? {
        value(node, what, form: "an IPv4 or IPv6 address") { IPAddress($0) }
    }

    /// A name by the allow-list of `SiteName`.
    mutating func name(_ node: YAMLNode, _ what: String) -> String? {
        let form = "1 to 32 of a-z, 0-9 and single hyphens, starting with a letter and not ending in a hyphen"
        return value(node, what, form: form) { SiteName($0)?.description }
    }
}

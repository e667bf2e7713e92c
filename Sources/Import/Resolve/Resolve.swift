import WarrenInventory
import WarrenModel

extension Import {
    /// Finds out which gateways are the two ends of each tunnel, and which networks lie behind each.
    static func resolve(_ gateways: [GatewayFacts], _ leftOut: inout LeftOutList) -> ResolvedMesh {
        var resolving = Resolving(leftOut: leftOut)
        let known = gateways.filter { !$0.isEmpty }
        for gateway in known { resolving.addGateway(gateway) }
        let ends = known.indices.map { resolving.ends(of: known[$0], at: $0) }
        for (index, gateway) in known.enumerated() { resolving.join(gateway, at: index, ends[index]) }
        let mesh = resolving.finish()
        leftOut = resolving.leftOut
        return mesh
    }
}

/// The work of `resolve`, step by step.
private struct Resolving {
    var leftOut: LeftOutList
    private var names = NameBook()
    private var drafts: [SiteDraft] = []
    private var owners: [IPAddress: Int] = [:]
    private var parameters: [LinkID: (value: IPsecParameters, source: Source)] = [:]
    private var linked: Set<LinkID> = []

    init(leftOut: LeftOutList) { self.leftOut = leftOut }

    /// The sites at the other ends of a gateway's tunnels and connections.
    struct Ends {
        var tunnels: [Int?] = []
        var connections: [Int?] = []
    }

    mutating func addGateway(_ facts: GatewayFacts) {
        let source = facts.tunnels.first?.source ?? facts.connections.first?.source ?? Source(file: facts.folder, line: 1)
        guard let name = names.take(facts.folder) else { return }
        var draft = SiteDraft(source: source, name: name, platform: facts.isFreeBSD ? .freebsd : .linux)
        for (address, source) in facts.tunnels.map({ ($0.outer.local, $0.source) })
            + facts.connections.flatMap({ connection in connection.local.map { ($0, connection.source) } })
        where !draft.publicAddresses.contains(address) {
            if let owner = owners[address] {
                leftOut.add(source, "\(address) of \(name): it is the public address of \(drafts[owner].name) already")
            } else if draft.publicAddresses.contains(where: { $0.family == address.family }) {
                leftOut.add(source, "the further public address \(address) of \(name)")
                owners[address] = drafts.count
            } else {
                draft.publicAddresses.append(address)
                owners[address] = drafts.count
            }
        }
        drafts.append(draft)
    }

    /// Makes a site of each peer that no folder describes.
    mutating func ends(of facts: GatewayFacts, at index: Int) -> Ends {
        Ends(
            tunnels: facts.tunnels.map { end([$0.outer.remote], $0.source) },
            connections: facts.connections.map { end($0.remote, $0.source) })
    }

    private mutating func end(_ addresses: [IPAddress], _ source: Source) -> Int? {
        if let owner = addresses.compactMap({ owners[$0] }).first { return owner }
        guard let first = addresses.first, drafts.count < InventoryLimits.sites,
            let name = names.take("site-\(first)")
        else { return nil }
        leftOut.add(source, "what the gateway \(first) has itself: no folder describes it; it is \(name) here")
        for address in addresses { owners[address] = drafts.count }
        drafts.append(
            SiteDraft(source: source, name: name, platform: .embedded, publicAddresses: addresses))
        return drafts.count - 1
    }

    mutating func join(_ facts: GatewayFacts, at index: Int, _ ends: Ends) {
        guard drafts.indices.contains(index) else { return }
        var own: [IPAddress] = []
        for (tunnel, end) in zip(facts.tunnels, ends.tunnels) {
            guard let end, link(index, end, tunnel.source) != nil else { continue }
            own += tunnel.inner.map(\.local)
            drafts[end].privateAddresses += tunnel.inner.map(\.remote)
            for network in tunnel.networks { claim(network.prefix, of: end, by: index, network.source) }
        }
        drafts[index].privateAddresses = own + drafts[index].privateAddresses
        for (connection, end) in zip(facts.connections, ends.connections) {
            guard let end, link(index, end, connection.source) != nil else { continue }
            for network in connection.localNetworks where !isPublic(network) {
                drafts[index].claims.append(Claim(prefix: network, source: connection.source, isOwn: true))
            }
            for network in connection.remoteNetworks where !isPublic(network) {
                claim(network, of: end, by: index, connection.source)
            }
        }
        let addresses = drafts[index].privateAddresses
        for network in facts.interfaceNetworks where addresses.contains(where: network.contains) {
            drafts[index].claims.append(Claim(prefix: network, source: drafts[index].source, isOwn: true))
        }
        for (tunnel, end) in zip(facts.tunnels, ends.tunnels) {
            guard let end, let mode = tunnel.mode, let id = LinkID(drafts[index].name, drafts[end].name) else { continue }
            // Where an IKE daemon's file speaks of the pair, that one decides.
            if zip(facts.connections, ends.connections).contains(where: { $1 == end && $0.parameters != nil }) { continue }
            protect(id, IPsecParameters(mode: mode), tunnel.source)
        }
        for (connection, end) in zip(facts.connections, ends.connections) {
            guard let end, let value = connection.parameters, let id = LinkID(drafts[index].name, drafts[end].name) else {
                continue
            }
            protect(id, value, connection.source)
        }
    }

    private func isPublic(_ network: IPPrefix) -> Bool {
        network.length == network.family.bitWidth && owners[network.address] != nil
    }

    private mutating func claim(_ prefix: IPPrefix, of site: Int, by other: Int, _ source: Source) {
        drafts[site].claims.append(Claim(prefix: prefix, source: source, isOwn: false))
        drafts[other].outgoing.append(prefix)
    }

    private mutating func link(_ a: Int, _ b: Int, _ source: Source) -> LinkID? {
        guard let id = LinkID(drafts[a].name, drafts[b].name) else {
            leftOut.add(source, "a tunnel from \(drafts[a].name) to itself")
            return nil
        }
        linked.insert(id)
        return id
    }

    private mutating func protect(_ id: LinkID, _ value: IPsecParameters, _ source: Source) {
        if let first = parameters[id] {
            if first.value != value {
                leftOut.add(source, "how \(id.first) and \(id.second) are protected: \(first.source.file) says otherwise")
            }
        } else {
            parameters[id] = (value, source)
        }
    }

    mutating func finish() -> ResolvedMesh {
        var mesh = ResolvedMesh()
        var through: [Claim] = []
        var passed: Set<SiteName> = []
        for draft in drafts {
            let ways = PrefixSet(draft.outgoing)
            let transit = draft.claims.filter { !$0.isOwn && ways.overlaps($0.prefix) }
            if !transit.isEmpty { passed.insert(draft.name) }
            through += transit
            if let site = site(draft, draft.claims.filter { $0.isOwn || !ways.overlaps($0.prefix) }) { mesh.sites.append(site) }
        }
        let names = Set(mesh.sites.map(\.name))
        for id in linked where id.sites.allSatisfy(names.contains) {
            mesh.links[id] = parameters[id]?.value ?? IPsecParameters()
        }
        let hubs = mesh.sites.map(\.name).filter(passed.contains)
        let starred = names.count * hubs.count - hubs.count * (hubs.count + 1) / 2
        let touching = mesh.links.keys.filter { id in hubs.contains(where: id.contains) }
        if !hubs.isEmpty, touching.count == mesh.links.count, mesh.links.count == starred {
            mesh.hubs = hubs
        } else {
            for claim in through { leftOut.add(claim.source, "the way to \(claim.prefix) through another site") }
        }
        return mesh
    }

    /// Nil, told, when too little is known.
    private mutating func site(_ draft: SiteDraft, _ claims: [Claim]) -> ResolvedSite? {
        guard !draft.publicAddresses.isEmpty else {
            leftOut.add(draft.source, "the site \(draft.name): its gateway's public address is not said")
            return nil
        }
        var networks = PrefixSet(claims.map(\.prefix)).prefixes
        var privateAddress = draft.privateAddresses.first { $0.family == .ipv4 } ?? draft.privateAddresses.first
        if let privateAddress {
            if networks.isEmpty {
                leftOut.add(
                    draft.source, "the networks of \(draft.name): nothing says them; add them to \(privateAddress) there")
            }
            if !networks.contains(where: { $0.contains(privateAddress) }) { networks.append(IPPrefix(host: privateAddress)) }
        } else if let first = networks.first(where: { $0.family == .ipv4 }) ?? networks.first {
            let guess = first.length + 1 < first.family.bitWidth ? first.first.advanced(by: 1) : first.first
            privateAddress = guess
            leftOut.add(
                draft.source,
                "the private address of \(draft.name)'s gateway: nothing says it; \(guess ?? first.first) is a guess to correct"
            )
        }
        for other in draft.privateAddresses where other.family == privateAddress?.family && other != privateAddress {
            leftOut.add(draft.source, "the further private address \(other) of \(draft.name)")
            break
        }
        guard let privateAddress else {
            leftOut.add(draft.source, "the site \(draft.name): nothing says its networks")
            return nil
        }
        return ResolvedSite(
            name: draft.name, publicAddresses: draft.publicAddresses, privateAddress: privateAddress, networks: networks,
            platform: draft.platform)
    }
}

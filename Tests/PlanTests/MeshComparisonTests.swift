import Testing
import WarrenInventory
import WarrenModel
import WarrenPlan

/// What a comparison works out from what differs is what two whole plans say.
@Suite struct MeshComparisonTests {
    /// Each sample against itself with one thing changed, and with two: sites that come, go, move, drain; links; keys; addresses.
    @Test func theShortWayFindsWhatTheLongWayFinds() throws {
        for sample in try Samples.small() {
            let inventory = try Samples.inventory(sample)
            let edits = try Self.edits(of: inventory)
            for (index, first) in edits.enumerated() {
                try compare((inventory, .none), first, sample)
                try compare(first, (inventory, .none), sample)
                try compare(first, edits[(index * 7 + 3) % edits.count], sample)
            }
        }
    }

    private typealias Variant = (inventory: Inventory, assignments: Assignments)

    private func compare(_ a: Variant, _ b: Variant, _ sample: String) throws {
        let known = SiteIndexes.assign(a.inventory.sites, known: [:])
        let (old, new) = (Self.derivation(a, known), Self.derivation(b, known))
        let expected = Plan.changes(
            from: Plan(mesh: old.mesh, gateways: Array(old)), to: Plan(mesh: new.mesh, gateways: Array(new)))
        let comparison = MeshComparison(from: old, to: new)
        #expect(comparison.changes == expected, "\(sample)")
        let set = comparison.changeSet(.everything)
        #expect(set.gateways.flatMap { $0.changes ?? [] } == expected)
        #expect(set.summary.counts.total == expected.count)
        #expect(set.summary.links.values.reduce(0, +) == set.links.count)
        #expect(comparison.changeSet(.summary).summary == set.summary)
        #expect(
            Set(set.links.map(\.link)).isSuperset(
                of: Set(expected.filter { $0.subject.hasPrefix("tunnel") }.compactMap(\.link))))
        let isolated = old.filter { gateway in !gateway.tunnels.isEmpty && new[gateway.site]?.tunnels.isEmpty == true }
        #expect(set.summary.isolated == isolated.map(\.site), "\(sample)")
    }

    private static func derivation(_ variant: Variant, _ known: [SiteName: Int]) -> MeshDerivation {
        var assignments = variant.assignments
        assignments.indexes = known
        return MeshDerivation(variant.inventory, assignments: assignments)
    }

    private static func edits(of inventory: Inventory) throws -> [Variant] {
        var variants: [Variant] = []
        func add(_ assignments: Assignments = .none, _ edit: (inout Inventory) throws -> Void) rethrows {
            var copy = inventory
            try edit(&copy)
            variants.append((copy, assignments))
        }
        let sites = inventory.sites, last = sites.count - 1
        try add { inventory in
            inventory.sites.append(try newcomer("newcomer", 1, like: sites[0]))
            if case .groups(var groups) = inventory.topology {
                groups[0].sites.append(try name("newcomer"))
                inventory.topology = .groups(groups)
            }
        }
        add { $0.sites.remove(at: last) }
        add { $0.sites.remove(at: 0) }
        add { $0.sites[last].isDrained.toggle() }
        add { $0.sites[0].isDrained.toggle() }
        add { for index in $0.sites.indices.dropFirst() { $0.sites[index].isDrained = true } }
        try add { $0.sites[1].gateway.publicAddresses = [try address("198.51.100.77")] }
        try add { $0.sites[last].networks.append(try #require(IPPrefix("10.250.0.0/16"))) }
        try add { $0.sites[0].networks.append(try #require(IPPrefix("fd00:250::/48"))) }
        add { $0.sites[last].gateway.mtu = 1300 }
        add { $0.sites[0].index = 77 }
        add {
            $0.sites[0].gateway.publicAddressSource = .agent; $0.sites[0].gateway.publicAddresses = []
        }
        if let link = LinkID(sites[0].name, sites[last].name) {
            add(Assignments(keyEpochs: [link: 2])) { _ in }
            add { inventory in
                if !inventory.links.contains(where: { $0.link == link }) { inventory.links.append(DeclaredLink(link: link)) }
            }
        }
        add(Assignments(drained: [sites[last].name])) { _ in }
        add { $0.topology = .fullMesh }
        add { $0.topology = .hubAndSpoke(hubs: [sites[0].name]) }
        add { $0.topology = .hubAndSpoke(hubs: [sites[last].name, sites[0].name]) }
        return variants
    }

    private static func newcomer(_ text: String, _ number: UInt8, like site: Site) throws -> Site {
        var copy = site
        copy.name = try name(text)
        copy.index = nil
        copy.isDrained = false
        copy.translations = []
        copy.gateway.publicAddresses = [try address("198.51.100.9\(number)")]
        copy.gateway.privateAddress = try address("10.251.\(number).1")
        copy.networks = [try #require(IPPrefix("10.251.\(number).0/24"))]
        return copy
    }

    @Test func aSiteThatJoinsTouchesItsLinksAlone() throws {
        let mesh = try Samples.mesh(of: 40)
        var smaller = mesh
        smaller.sites.removeLast()
        let set = MeshComparison(from: MeshDerivation(smaller), to: MeshDerivation(mesh)).changeSet()
        let last = try #require(mesh.sites.last?.name)
        #expect(set.summary.links == [.starts: 39] && set.summary.gateways == 40 && set.summary.joins == [last])
        #expect(set.links.allSatisfy { $0.link.contains(last) && $0.effect == .starts && $0.reasons.isEmpty })
        let back = MeshComparison(from: MeshDerivation(mesh), to: MeshDerivation(smaller)).changeSet(.summary)
        #expect(back.summary.links == [.ends: 39] && back.summary.leaves == [last] && back.links.isEmpty && back.isShortened)
        #expect(back.summary.fingerprint != set.summary.fingerprint)
    }

    /// Every change of a link says which link it is of.
    @Test func everyChangeOfALinkNamesIt() throws {
        let set = MeshComparison(from: nil, to: MeshDerivation(try Samples.inventory("hub-and-spoke"))).changeSet(.everything)
        for change in set.gateways.flatMap({ $0.changes ?? [] }) {
            let isOfOne = ["gateway", "unreachable", "translation"].contains { change.subject.hasPrefix($0) }
            #expect((change.link == nil) == isOfOne, "\(change)")
        }
    }

    @Test(arguments: [
        ("public addresses", LinkEffect.restarts), ("esp mode", .restarts), ("ipsec parameters", .renegotiates),
        ("key", .renegotiates),
        ("routes", .reroutes), ("mtu", .none),
    ])
    func theEffectOnALinkIsSaid(reason: String, effect: LinkEffect) throws {
        let inventory = try Samples.inventory("handbook")
        let link = try #require(LinkID(inventory.sites[0].name, inventory.sites[1].name))
        var changed = inventory, assignments = Assignments.none
        switch reason {
        case "public addresses": changed.sites[1].gateway.publicAddresses = [try address("198.51.100.21")]
        case "esp mode":
            for index in changed.sites.indices { changed.sites[index].gateway.ipsec.mode = .transport }
        case "ipsec parameters":
            for index in changed.sites.indices { changed.sites[index].gateway.ipsec.child.lifetimeSeconds = 600 }
        case "key": assignments.keyEpochs = [link: 2]
        case "routes": changed.sites[0].networks.append(try #require(IPPrefix("10.99.0.0/16")))
        default: changed.sites[0].gateway.mtu = 1400
        }
        let set = MeshComparison(
            from: MeshDerivation(inventory), to: MeshDerivation(changed, assignments: assignments)
        ).changeSet()
        #expect(set.links.count == 1)
        #expect(set.links.first?.effect == effect, "\(set.links)")
        #expect(set.links.first?.reasons.contains(reason) == true)
        #expect(set.summary.links == [effect: 1])
    }

    /// What is too much to be told is counted, and can be asked for gateway by gateway.
    @Test func aLargeDifferenceIsShortened() throws {
        let comparison = MeshComparison(from: nil, to: MeshDerivation(try Samples.mesh(of: 20)))
        let all = comparison.changeSet(.everything)
        #expect(!all.isShortened && all.links.count == 190)
        let some = comparison.changeSet(.init(changes: 1000, links: 50))
        #expect(some.isShortened && some.links.count == 50 && some.summary == all.summary)
        #expect(some.gateways.count == 20)
        #expect(
            some.gateways.filter { $0.changes != nil } == all.gateways.filter { gateway in some.gateways.contains(gateway) })
        let one = comparison.changeSet(.summary, of: try name("s7"))
        #expect(
            !one.isShortened && one.links.count == 19 && one.gateways == all.gateways.filter { $0.site.description == "s7" })
    }
}

import SeededRandom
import WarrenInventory
import WarrenModel
import WarrenPlan

/// Random small meshes that share names, addresses and networks, so that two of them differ in every way that a change can.
enum RandomMesh {
    /// Two inventories of one mesh, one after the other, with what each is derived with.
    static func pair(seed: UInt64) -> (old: Plan, new: Plan) {
        var random = SeededNumbers(seed: seed)
        let first = inventory(using: &random)
        let second = inventory(using: &random)
        var before = Assignments(indexes: SiteIndexes.assign(first.sites, known: [:]), keyEpochs: epochs(using: &random))
        let old = Plan.derive(from: first, assignments: before)
        before.indexes = SiteIndexes.assign(second.sites, known: before.indexes)
        before.keyEpochs = epochs(using: &random)
        return (old, Plan.derive(from: second, assignments: before))
    }

    private static let names = ["anna", "bert", "carl", "dora", "emil"].compactMap(SiteName.init)

    private static func epochs(using random: inout SeededNumbers) -> [LinkID: UInt32] {
        var epochs: [LinkID: UInt32] = [:]
        for (position, name) in names.enumerated() {
            for other in names[(position + 1)...] where Bool.random(using: &random) {
                if let link = LinkID(name, other) { epochs[link] = UInt32.random(in: 1...2, using: &random) }
            }
        }
        return epochs
    }

    private static func inventory(using random: inout SeededNumbers) -> Inventory {
        let present = names.indices.filter { _ in Int.random(in: 0..<5, using: &random) > 0 }
        let publicNumbers = (1...6).shuffled(using: &random)
        // A network that goes from site to site.
        let holder = names.indices.randomElement(using: &random)
        let sites = present.map { position in
            site(position, publicNumber: publicNumbers[position], holdsTheWandering: position == holder, using: &random)
        }
        let hub = present.randomElement(using: &random).map { names[$0] }
        let isStar = Bool.random(using: &random)
        return Inventory(
            mesh: "random", topology: isStar ? hub.map { .hubAndSpoke(hubs: [$0]) } ?? .fullMesh : .fullMesh, sites: sites)
    }

    private static func site(
        _ position: Int, publicNumber: Int, holdsTheWandering: Bool, using random: inout SeededNumbers
    ) -> Site {
        var networks = (0..<Int.random(in: 1...2, using: &random)).map { _ in
            prefix("10.\(position).\(Int.random(in: 0...3, using: &random)).0/24")
        }
        networks = Array(Set(networks)).sorted()
        let main = networks[0]
        var translations: [NetworkTranslation] = []
        if Int.random(in: 0..<3, using: &random) == 0 {
            let visible = prefix("172.16.\(position * 8 + Int.random(in: 0...3, using: &random)).0/24")
            translations = NetworkTranslation(network: main, visible: visible).map { [$0] } ?? []
        }
        if Bool.random(using: &random) {
            networks.append(prefix("fd00:\(position):\(Int.random(in: 0...1, using: &random))::/64"))
        }
        if holdsTheWandering { networks.append(prefix("10.200.0.0/24")) }
        var parameters = IPsecParameters(mode: Bool.random(using: &random) ? .tunnel : .transport)
        if Bool.random(using: &random) { parameters.child.lifetimeSeconds = 1800 }
        if Bool.random(using: &random) {
            parameters.child.proposals = [ESPProposal(encryption: .aes128gcm16)]
        }
        var addresses = [address("203.0.113.\(publicNumber)")]
        if Bool.random(using: &random) { addresses.append(address("2001:db8::\(publicNumber)")) }
        let gateway = Gateway(
            publicAddresses: addresses, privateAddress: address("10.\(position).\(main.address.bits >> 8 & 255).1"),
            platform: Bool.random(using: &random) ? .embedded : .linux, ipsec: parameters,
            mtu: Bool.random(using: &random) ? 1500 : 1400)
        return Site(
            name: names[position], gateway: gateway, networks: networks,
            isDrained: Int.random(in: 0..<6, using: &random) == 0, translations: translations)
    }

    private static func prefix(_ text: String) -> IPPrefix {
        guard let prefix = IPPrefix(text) else { preconditionFailure("'\(text)' is no prefix") }
        return prefix
    }

    private static func address(_ text: String) -> IPAddress {
        guard let address = IPAddress(text) else { preconditionFailure("'\(text)' is no address") }
        return address
    }
}

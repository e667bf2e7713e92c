import WarrenInventory
import WarrenModel
import WarrenPlan

/// The inventories of simulated meshes: site k has 10.k.0.0/24 behind 198.18.k.1, or behind an address that is learned.
enum Mesh {
    /// Every ninth site's address is learned from its agent.
    static func isLearned(_ number: Int) -> Bool { number % 9 == 4 }

    static func learnedAddress(_ number: Int, _ serial: Int) -> IPAddress {
        IPAddress(v4: 198 << 24 | 19 << 16 | UInt32(number) << 8 | UInt32(10 + serial % 200))
    }

    static func publicAddress(_ number: Int, _ serial: Int) -> IPAddress {
        IPAddress(v4: 198 << 24 | 18 << 16 | UInt32(number) << 8 | UInt32(1 + serial % 200))
    }

    /// The gateway whose address it is, or was.
    static func number(of address: IPAddress) -> Int { Int(address.bytes[2]) }

    private static func network(_ high: UInt32, _ number: Int) -> IPPrefix {
        IPPrefix(containing: IPAddress(v4: 10 << 24 | (high + UInt32(number)) << 16), length: 24)!
    }

    static func site(_ number: Int, _ name: SiteName, _ scenario: Scenario) -> Site {
        let isLearned = isLearned(number)
        var parameters = IPsecParameters()
        if let seconds = scenario.childLifetime {
            parameters.child.lifetimeSeconds = seconds
            parameters.ike.lifetimeSeconds = seconds * 5 / 2
        }
        return Site(
            name: name,
            gateway: WarrenInventory.Gateway(
                publicAddresses: isLearned ? [] : [publicAddress(number, 0)],
                privateAddress: IPAddress(v4: 10 << 24 | UInt32(number) << 16 | 1), platform: .embedded,
                ipsec: parameters, publicAddressSource: isLearned ? .agent : .inventory),
            networks: [network(0, number)])
    }

    static func inventory(_ scenario: Scenario, _ gateways: ArraySlice<Gateway>) -> Inventory {
        let sites = gateways.map { site($0.number, $0.site, scenario) }
        var inventory = Inventory(mesh: "simulated", sites: sites)
        arrange(&inventory, scenario.shape)
        return inventory
    }

    /// Links follow from the shape and the sites that there are.
    static func arrange(_ inventory: inout Inventory, _ shape: Scenario.Shape) {
        let names = inventory.sites.map(\.name)
        switch shape {
        case .fullMesh: inventory.topology = .fullMesh
        case .hubs: inventory.topology = .hubAndSpoke(hubs: Array(names.prefix(2)))
        case .groups:
            inventory.topology = .groups(
                stride(from: 0, to: names.count, by: 4).map { start in
                    // Each group shares its last site with the next.
                    SiteGroup(name: "g\(start)", sites: Array(names[start..<min(start + 5, names.count)]))
                })
        case .ring:
            inventory.topology = .explicit
            var links: [DeclaredLink] = []
            for index in names.indices {
                for step in [1, 5] where names.count > step + 1 {
                    let other = (index + step) % names.count
                    if let link = LinkID(names[index], names[other]), !links.contains(where: { $0.link == link }) {
                        links.append(DeclaredLink(link: link))
                    }
                }
            }
            inventory.links = links
        }
    }

    /// What an operator edits. Sites that there are not leave it as it is.
    static func edit(_ inventory: inout Inventory, _ edit: Scenario.Edit, _ scenario: Scenario, spare: Gateway?) {
        func change(_ number: Int, _ body: (inout Site) -> Void) {
            guard !inventory.sites.isEmpty else { return }
            body(&inventory.sites[number % inventory.sites.count])
        }
        switch edit {
        case .add:
            guard let spare else { return }
            inventory.sites.append(site(spare.number, spare.site, scenario))
            arrange(&inventory, scenario.shape)
        case .remove(let number):
            let index = number % inventory.sites.count
            guard inventory.sites.count > 4, inventory.sites[index].gateway.publicAddressSource == .inventory else { return }
            inventory.sites.remove(at: index)
            arrange(&inventory, scenario.shape)
        case .mode(let number):
            change(number) { $0.gateway.ipsec.mode = $0.gateway.ipsec.mode == .tunnel ? .transport : .tunnel }
        case .proposals(let number): change(number) { flipProposals(&$0) }
        case .address(let number):
            change(number) { site in
                guard site.gateway.publicAddressSource == .inventory, let old = site.gateway.publicAddresses.first else {
                    return
                }
                let bytes = old.bytes
                site.gateway.publicAddresses = [publicAddress(Int(bytes[2]), Int(bytes[3]))]
            }
        case .translate(let number):
            change(number) { site in
                guard let network = site.networks.first else { return }
                let index = Int(network.address.bytes[1])
                site.translations =
                    site.translations.isEmpty
                    ? [NetworkTranslation(network: network, visible: Self.network(100, index))].compactMap { $0 } : []
            }
        case .everything:
            for index in inventory.sites.indices { flipProposals(&inventory.sites[index]) }
        }
    }

    private static func flipProposals(_ site: inout Site) {
        let other = IKEProposal(encryption: .aes128gcm16, prf: .prfsha256, keyExchange: .x25519)
        let usual = IKEParameters().proposals
        site.gateway.ipsec.ike.proposals = site.gateway.ipsec.ike.proposals == usual ? [other] : usual
        site.gateway.ipsec.child.proposals =
            site.gateway.ipsec.child.proposals == ChildSAParameters().proposals
            ? [ESPProposal(encryption: .aes128gcm16)] : ChildSAParameters().proposals
    }
}

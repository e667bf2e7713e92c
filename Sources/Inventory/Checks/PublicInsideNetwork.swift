import WarrenModel

/// `public-inside-network`: a gateway's public address lies in some site's network, or in what the others see of one, whose
/// route would lead the tunnel's own packets into the tunnel.
enum PublicInsideNetwork {
    static func faults(in declaration: Declaration) -> [Fault] {
        let networks = NetworksByAddress(declaration)
        return declaration.sites.flatMap { site in
            site.publicAddresses.compactMap { address in
                guard let network = networks.narrowest(holding: address.value) else { return nil }
                let owner = declaration.sites[network.site].name.value
                return .between(
                    .publicInsideNetwork, address.place, network.place,
                    message(address.value, of: site.name.value, in: network.prefix, of: owner),
                    remedy: "narrow \(network.prefix), or correct the address")
            }
        }
    }

    private static func message(_ address: IPAddress, of site: SiteName, in network: IPPrefix, of owner: SiteName) -> String {
        "the public address \(address) of \(site) lies in \(network) of \(owner): the tunnel would be routed into itself"
    }
}

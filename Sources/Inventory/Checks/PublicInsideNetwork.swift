import WarrenModel

/// `public-inside-network`: a gateway's public address lies in some site's network, or in what the others see of one, whose
/// route would lead the tunnel's own packets into the tunnel.
enum PublicInsideNetwork {
    static func faults(in declaration: Declaration) -> [Fault] {
        let networks = Networks(declaration)
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

    /// All networks, and what the others see of them, to be found by an address in as many steps as there are lengths.
    private struct Networks {
        private var byPrefix: [IPPrefix: DeclaredNetwork] = [:]
        private let lengths: [Int]

        init(_ declaration: Declaration) {
            var lengths: Set<Int> = []
            for network in declaration.addresses {
                lengths.insert(network.prefix.length)
                if byPrefix[network.prefix] == nil { byPrefix[network.prefix] = network }
            }
            self.lengths = lengths.sorted(by: >)
        }

        func narrowest(holding address: IPAddress) -> DeclaredNetwork? {
            for length in lengths {
                guard let prefix = IPPrefix(containing: address, length: length) else { continue }
                if let network = byPrefix[prefix] { return network }
            }
            return nil
        }
    }
}

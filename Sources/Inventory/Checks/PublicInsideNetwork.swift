import WarrenModel

/// `public-inside-network`: a gateway's public address lies in some site's network, whose route would lead the
/// tunnel's own packets into the tunnel.
enum PublicInsideNetwork {
    static func faults(in declaration: Declaration) -> [Fault] {
        let networks = declaration.networks
        let byPrefix = Dictionary(networks.map { ($0.prefix, $0) }) { first, _ in first }
        let lengths = Set(networks.map(\.prefix.length)).sorted(by: >)
        return declaration.sites.flatMap { site in
            site.publicAddresses.compactMap { address in
                let candidates = lengths.lazy.compactMap { IPPrefix(containing: address.value, length: $0) }
                guard let network = candidates.compactMap({ byPrefix[$0] }).first else { return nil }
                let owner = declaration.sites[network.site].name.value
                return Fault.between(
                    .publicInsideNetwork, address.place, network.place,
                    "the public address \(address.value) of \(site.name.value) lies in \(network.prefix) of \(owner): "
                        + "the tunnel would be routed into itself",
                    remedy: "narrow \(network.prefix), or correct the address")
            }
        }
    }
}

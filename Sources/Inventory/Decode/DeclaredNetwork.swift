import WarrenModel

/// One entry of `translate` as far as it could be decoded.
struct LocatedTranslation {
    var network: Located<IPPrefix>
    /// Nil when it is faulty.
    var visible: Located<IPPrefix>?

    /// Nil unless both are of one size.
    var translation: NetworkTranslation? {
        visible.flatMap { NetworkTranslation(network: network.value, visible: $0.value) }
    }
}

/// Addresses that a site takes up: one of its networks, or what the others see of one.
struct DeclaredNetwork {
    enum Role: Equatable {
        /// A network that the others see as it is.
        case plain
        /// A network that the others see under other addresses, if those are sound: only its own site has a route to it.
        case hidden(behind: IPPrefix?)
        /// What the others see of this network of the site.
        case visible(for: IPPrefix)
    }

    /// The index of its site in the declaration.
    var site: Int
    var prefix: IPPrefix
    var place: Place
    var role = Role.plain

    /// Its own site alone knows it by this prefix.
    var isHidden: Bool { if case .hidden = role { true } else { false } }

    /// The network that the others see as this; nil for a network.
    var original: IPPrefix? { if case .visible(let network) = role { network } else { nil } }
}

extension Declaration {
    /// Every network of every site.
    var networks: [DeclaredNetwork] {
        sites.indices.flatMap { site in
            sites[site].networks.map { DeclaredNetwork(site: site, prefix: $0.value, place: $0.place) }
        }
    }

    /// Every network of every site, and what the others see of those that are translated.
    var addresses: [DeclaredNetwork] {
        sites.indices.flatMap { sites[$0].addresses(of: sites[$0].networks, number: $0) }
    }
}

extension DeclaredSite {
    /// `networks`, which are of this site, by the part that each plays, and what the others see of them.
    func addresses(of networks: [Located<IPPrefix>], number: Int) -> [DeclaredNetwork] {
        let translated = translationsByNetwork
        var addresses: [DeclaredNetwork] = []
        for network in networks {
            let entry = translated[network.value]
            let visible = entry?.translation == nil ? nil : entry?.visible
            addresses.append(
                DeclaredNetwork(
                    site: number, prefix: network.value, place: network.place,
                    role: entry == nil ? .plain : .hidden(behind: visible?.value)))
            guard let visible else { continue }
            addresses.append(
                DeclaredNetwork(
                    site: number, prefix: visible.value, place: visible.place, role: .visible(for: network.value)))
        }
        return addresses
    }

    /// In the order of the networks.
    var translationsInOrder: [NetworkTranslation] {
        let translated = translationsByNetwork
        return translated.isEmpty ? [] : networks.compactMap { translated[$0.value]?.translation }
    }

    private var translationsByNetwork: [IPPrefix: LocatedTranslation] {
        Dictionary(translations.map { ($0.network.value, $0) }) { first, _ in first }
    }
}

import WarrenModel

/// What the files say, value by value with its place; what is faulty is left out.
struct Declaration {
    var mesh: String?
    /// In file order.
    var sites: [DeclaredSite] = []

    /// Every network of every site.
    var networks: [DeclaredNetwork] {
        sites.indices.flatMap { site in
            sites[site].networks.map { DeclaredNetwork(site: site, prefix: $0.value, place: $0.place) }
        }
    }

    /// The inventory that is declared; nil when something is missing, which the decoding has reported then.
    var inventory: Inventory? {
        guard let mesh else { return nil }
        var complete: [Site] = []
        for site in sites {
            guard let privateAddress = site.privateAddress, !site.publicAddresses.isEmpty, !site.networks.isEmpty else {
                return nil
            }
            let gateway = Gateway(
                publicAddresses: site.publicAddresses.map(\.value), privateAddress: privateAddress.value,
                platform: site.platform, ipsec: site.ipsec)
            complete.append(
                Site(name: site.name.value, gateway: gateway, networks: site.networks.map(\.value), tags: site.tags))
        }
        return Inventory(mesh: mesh, sites: complete)
    }
}

/// One site as far as it could be decoded.
struct DeclaredSite {
    var name: Located<SiteName>
    var publicAddresses: [Located<IPAddress>] = []
    var privateAddress: Located<IPAddress>?
    var networks: [Located<IPPrefix>] = []
    /// Every network was well-formed: checks that need all of them may speak.
    var networksAreComplete = false
    var platform = Platform.embedded
    var ipsec = IPsecParameters()
    var tags: [String] = []
}

/// One network of one site.
struct DeclaredNetwork {
    /// The index of its site in the declaration.
    var site: Int
    var prefix: IPPrefix
    var place: Place
}

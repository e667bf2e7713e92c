import WarrenModel

extension Inventory {
    /// The network, or what the others see of one, that holds an address, with its site: of several the narrowest.
    ///
    /// An address that is learned must lie in none, just as one that is written down (`public-inside-network`): the routes to
    /// the network would lead the tunnel's own packets into the tunnel.
    public func network(holding address: IPAddress) -> (site: SiteName, prefix: IPPrefix)? {
        var narrowest: (site: SiteName, prefix: IPPrefix)?
        for site in sites {
            for prefix in site.networks + site.translations.map(\.visible) where prefix.contains(address) {
                if narrowest.map({ $0.prefix.length < prefix.length }) ?? true { narrowest = (site.name, prefix) }
            }
        }
        return narrowest
    }
}

import WarrenModel

/// What the files say, value by value with its place; what is faulty is left out.
struct Declaration {
    var mesh: String?
    /// Where gateways reach the controller; empty when it is not said.
    var controllerAddresses: [Located<IPAddress>] = []
    /// Nil when what the files say of it is faulty.
    var topology: Topology?
    /// In file order.
    var sites: [DeclaredSite] = []
    /// Some site's name could not be read.
    var hasUnnamedSites = false
    var links: [LocatedLink] = []
    var tests: [LocatedTest] = []
    /// Every place that must hold a site's name, and does hold a name.
    var references: [Located<SiteName>] = []

    /// Which sites are linked; nil when the topology could not be read.
    var meshLinks: MeshLinks? {
        topology.map { topology in
            MeshLinks(
                topology: topology, links: links.compactMap(\.link), names: sites.map(\.name.value),
                drained: Set(sites.filter(\.isDrained).map(\.name.value)))
        }
    }

    /// The inventory that is declared; nil when something is missing, which the decoding has reported then.
    func inventory(files: [InventoryFile]) -> Inventory? {
        guard let mesh, let topology else { return nil }
        var complete: [Site] = []
        for site in sites {
            guard let privateAddress = site.privateAddress, !site.networks.isEmpty,
                site.publicAddresses.isEmpty != (site.publicAddressSource == .inventory)
            else { return nil }
            let gateway = Gateway(
                publicAddresses: site.publicAddresses.map(\.value), privateAddress: privateAddress.value,
                platform: site.platform, ipsec: site.ipsec, mtu: site.mtu.value, publicAddressSource: site.publicAddressSource)
            complete.append(
                Site(
                    name: site.name.value, gateway: gateway, networks: site.networks.map(\.value), tags: site.tags,
                    index: site.index?.value, isDrained: site.isDrained, translations: site.translationsInOrder))
        }
        return Inventory(
            mesh: mesh, topology: topology, sites: complete,
            links: links.compactMap { declared in
                declared.link.map { DeclaredLink(link: $0, ipsec: declared.ipsec?.value) }
            },
            tests: tests.map { test in
                ReachabilityTest(
                    from: test.from, to: test.to, expect: test.expect, location: test.place.location(in: files))
            })
    }
}

/// One site as far as it could be decoded.
struct DeclaredSite {
    var name: Located<SiteName>
    /// Empty when they come from elsewhere than the inventory, or are faulty.
    var publicAddresses: [Located<IPAddress>] = []
    var publicAddressSource = PublicAddressSource.inventory
    var privateAddress: Located<IPAddress>?
    var networks: [Located<IPPrefix>] = []
    /// Every network was well-formed: checks that need all of them may speak.
    var networksAreComplete = false
    /// As they stand there, each network once.
    var translations: [LocatedTranslation] = []
    var platform = Platform.embedded
    var ipsec = IPsecParameters()
    var tags: [String] = []
    var index: Located<Int>?
    var isDrained = false
    /// Where it is not said, the place is the site's name.
    var mtu: Located<Int>

    init(name: Located<SiteName>) {
        self.name = name
        mtu = Located(value: PathMTU.assumed, place: name.place)
    }
}

/// One pair under `links` as far as it could be decoded.
struct LocatedLink {
    var place: Place
    /// Both as they stand there.
    var ends: (Located<SiteName>, Located<SiteName>)
    var ipsec: Located<IPsecParameters>?
    /// Nil when both ends are one site.
    var link: LinkID? { LinkID(ends.0.value, ends.1.value) }
}

/// One promise under `tests`.
struct LocatedTest {
    var place: Place
    var from: SiteName
    var to: ReachabilityTest.Target
    var expect: ReachabilityTest.Expectation
}

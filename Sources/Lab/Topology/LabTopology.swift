import WarrenInventory
import WarrenModel

/// The world of one inventory as network namespaces: who exists, what it is called, which addresses it has.
///
/// Pure: the same inventory gives the same value. `LabCommands` says how it is raised.
public struct LabTopology: Sendable, Equatable {
    /// One site: its gateway's two sides and one host behind it.
    public struct SiteWorld: Sendable, Equatable {
        public let name: SiteName
        public let gatewayNamespace: String
        public let hostNamespace: String
        /// The name of the bridge's port that leads to the gateway.
        public let port: String
        /// What the gateway answers to on the internet.
        public let publicAddresses: [IPAddress]
        /// Has these addresses in the place of the gateway, where there is one.
        public let nat: NAT?
        /// One per network of the site, in its order.
        public let networks: [SiteNetwork]
    }

    /// What stands between a gateway and the internet: a router that gives flows from inside a port of its own public address, and
    /// lets nothing in that does not belong to one.
    public struct NAT: Sendable, Equatable {
        public let namespace: String
        /// The network between it and the gateway.
        public let network: IPPrefix
        public var address: IPAddress { network.first.advanced(by: 1) ?? network.first }
        public var gateway: IPAddress { network.first.advanced(by: 2) ?? network.first }
    }

    /// One network of a site: who is who in it.
    public struct SiteNetwork: Sendable, Equatable {
        public let prefix: IPPrefix
        public let gateway: IPAddress
        /// Nil when the network has no room for anybody but the gateway.
        public let host: IPAddress?
        /// What the other sites call it, when that is another.
        public let translation: NetworkTranslation?
        /// The host as the other sites see it.
        public var visibleHost: IPAddress? { host.map { translation?.outward($0) ?? $0 } }
    }

    public let names: LabNames
    public let sites: [SiteWorld]
    /// The controller's addresses on the internet: IPv4, then IPv6.
    public let controller: [IPAddress]

    /// The public addresses that the lab gave to sites whose agents tell theirs.
    public let given: [SiteName: [IPAddress]]

    /// `hidden`: the sites whose gateways are behind a NAT. Fails when the inventory leaves no address for the controller or a NAT,
    /// when a site's public address is looked up by name, and when a hidden one has IPv6 outside.
    public init(_ inventory: Inventory, behindNAT hidden: Set<SiteName> = []) throws {
        let names = try LabNames(mesh: inventory.mesh)
        let taken = inventory.sites.flatMap {
            $0.networks + $0.translations.map(\.visible) + $0.gateway.publicAddresses.map(IPPrefix.init(host:))
        }
        let given = try Self.given(to: inventory.sites, apartFrom: taken)
        self.given = given
        self.names = names
        controller = try AddressFamily.allCases.map { family in
            guard let free = Self.controllerCandidates.first(where: { $0.family == family && !taken.contains(anyHolding: $0) })
            else {
                throw LabError(.unusable, "the inventory uses every \(family) address that the lab's controller could have")
            }
            return free
        }
        sites = try inventory.sites.enumerated().map { position, site in
            let publicAddresses = given[site.name] ?? site.gateway.publicAddresses
            let nat = try hidden.contains(site.name) ? Self.nat(of: site.name, publicAddresses, names, apartFrom: taken) : nil
            return SiteWorld(
                name: site.name, gatewayNamespace: names.gateway(of: site.name), hostNamespace: names.host(of: site.name),
                port: "port\(position + 1)", publicAddresses: publicAddresses, nat: nat,
                networks: site.networks.map { network in
                    SiteNetwork(
                        of: network, gatewayAddress: site.gateway.privateAddress,
                        translation: site.translations.first { $0.network == network })
                })
        }
    }

    private static func nat(
        of site: SiteName, _ publicAddresses: [IPAddress], _ names: LabNames, apartFrom taken: [IPPrefix]
    ) throws -> NAT {
        guard publicAddresses.allSatisfy({ $0.family == .ipv4 }) else {
            throw LabError(.unusable, "\(site) has an IPv6 address outside: a lab's NAT is for IPv4 alone")
        }
        guard let network = natCandidates.first(where: { free in !taken.contains { $0.overlaps(free) } }) else {
            throw LabError(.unusable, "the inventory uses every network that the lab's NATs could have")
        }
        return NAT(namespace: names.nat(of: site), network: network)
    }

    /// An address for each site whose agent tells its own, of every family that the others have.
    private static func given(to sites: [Site], apartFrom taken: [IPPrefix]) throws -> [SiteName: [IPAddress]] {
        let families = Set(sites.flatMap(\.gateway.publicAddresses).map(\.family))
        var free = AddressFamily.allCases.filter { families.isEmpty || families.contains($0) }.map(Self.firstGiven)
        var given: [SiteName: [IPAddress]] = [:]
        for site in sites {
            switch site.gateway.publicAddressSource {
            case .inventory: break
            case .name(let name):
                throw LabError(.unusable, "\(site.name) is at \(name): a lab has no DNS; write its address, or 'dynamic'")
            case .agent:
                given[site.name] = try free.indices.map { index in
                    while taken.contains(anyHolding: free[index]) { free[index] = try next(free[index]) }
                    defer { free[index] = (try? next(free[index])) ?? free[index] }
                    return free[index]
                }
            }
        }
        return given
    }

    /// In ranges that nobody on the Internet has: for benchmarks (RFC 2544), for documentation (RFC 3849).
    private static func firstGiven(_ family: AddressFamily) -> IPAddress {
        family == .ipv4 ? IPAddress(v4: 0xC613_0001) : IPAddress(v6: 0x2001_0db8_fffd << 80 | 1)
    }

    private static func next(_ address: IPAddress) throws -> IPAddress {
        guard let next = address.advanced(by: 1) else { throw LabError(.unusable, "no address is left for a dynamic site") }
        return next
    }

    public subscript(site: SiteName) -> SiteWorld? { sites.first { $0.name == site } }

    /// Every namespace, the internet first.
    public var namespaces: [String] {
        [names.internet, names.controller]
            + sites.flatMap { [$0.nat?.namespace, $0.gatewayNamespace, $0.hostNamespace].compactMap { $0 } }
    }

    /// Each NAT has its own, and all may have the same: of those between providers and their customers (RFC 6598), else private.
    static let natCandidates = [0x6440_0000, 0x647f_fffc, 0xc0a8_fffc, 0xac1f_fffc].compactMap {
        IPPrefix(containing: IPAddress(v4: $0), length: 30)
    }

    /// Documentation and benchmarking ranges (RFC 5737, RFC 2544, RFC 3849), in order of preference.
    static let controllerCandidates: [IPAddress] = [
        IPAddress(v4: 0xC000_0201), IPAddress(v4: 0xC633_6401), IPAddress(v4: 0xCB00_7101), IPAddress(v4: 0xC612_0001),
        IPAddress(v6: 0x2001_0db8_ffff << 80 | 1), IPAddress(v6: 0x2001_0db8_fffe << 80 | 1),
    ]
}

extension LabTopology.SiteNetwork {
    /// The gateway keeps its private address where that lies in the network, else it has the first usable one. The
    /// host is the tenth (IPv4) or sixteenth (IPv6) address, or the first free one in a small network.
    init(of prefix: IPPrefix, gatewayAddress: IPAddress, translation: NetworkTranslation? = nil) {
        let usable = Self.usable(prefix)
        let gateway = prefix.contains(gatewayAddress) ? gatewayAddress : usable.first
        let preferred = prefix.first.advanced(by: prefix.family == .ipv4 ? 10 : 16)
        let candidates = [preferred, usable.first, usable.first.advanced(by: 1)].compactMap { $0 }
        self.init(
            prefix: prefix, gateway: gateway,
            host: candidates.first { $0 != gateway && usable.first <= $0 && $0 <= usable.last },
            translation: translation)
    }

    /// Lowest and highest address that a host may have: without network and broadcast address where there are such
    /// (not in /31, RFC 3021), and without the subnet-router anycast address (RFC 4291, 2.6.1; not in /127, RFC 6164).
    private static func usable(_ prefix: IPPrefix) -> (first: IPAddress, last: IPAddress) {
        guard prefix.length < prefix.family.bitWidth - 1, let first = prefix.first.advanced(by: 1) else {
            return (prefix.first, prefix.last)
        }
        guard prefix.family == .ipv4 else { return (first, prefix.last) }
        return (first, IPAddress(v4: UInt32(truncatingIfNeeded: prefix.last.bits) &- 1))
    }
}

extension [IPPrefix] {
    fileprivate func contains(anyHolding address: IPAddress) -> Bool { contains { $0.contains(address) } }
}

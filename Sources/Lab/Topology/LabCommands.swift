import WarrenModel

/// How a topology is raised: the input of `ip -batch`, and settings, per namespace. Pure.
///
/// Pairs of veth devices are made with both ends inside namespaces, so that nothing of a lab is ever seen in the
/// machine's own namespace, and no route leads out of it.
public struct LabCommands: Sendable, Equatable {
    /// Commands for one namespace: `settings` first, then the lines of `ip -batch`, then the input of `nft -f`, if any.
    public struct Setup: Sendable, Equatable {
        public let namespace: String
        public let settings: [String]
        public let batch: [String]
        public var rules = ""
    }

    /// `ip -batch` in the machine's namespace: makes the namespaces.
    public let namespaces: [String]
    /// Settings that must stand before a device comes into a namespace; per namespace.
    public let prepare: [Setup]
    /// `ip -batch` in the machine's namespace: makes the devices, both ends inside namespaces.
    public let wires: [String]
    /// Addresses and routes; independent of each other.
    public let configure: [Setup]

    public init(_ topology: LabTopology) {
        let names = topology.names
        namespaces = topology.namespaces.map { "netns add \($0)" }
        prepare = topology.namespaces.map { namespace in
            let isRouter = topology.sites.contains { [$0.gatewayNamespace, $0.nat?.namespace].contains(namespace) }
            let settings =
                namespace == names.internet ? Self.internetSettings : isRouter ? Self.routerSettings : Self.hostSettings
            return Setup(namespace: namespace, settings: settings, batch: [])
        }
        wires =
            ["link add br0 netns \(names.internet) type bridge forward_delay 0 stp_state 0 mcast_snooping 0"]
            + [Self.wire("wan", names.controller, "controller", names.internet)]
            + topology.sites.flatMap { site in
                [
                    Self.wire("wan", site.nat?.namespace ?? site.gatewayNamespace, site.port, names.internet),
                    Self.wire("lan", site.gatewayNamespace, "eth0", site.hostNamespace),
                ] + (site.nat.map { [Self.wire("inside", $0.namespace, "wan", site.gatewayNamespace)] } ?? [])
            }
        configure =
            [Self.internet(topology), Self.controller(topology)]
            + topology.sites.flatMap { [Self.nat($0), Self.gateway($0), Self.host($0)].compactMap { $0 } }
    }

    private static func wire(_ device: String, _ namespace: String, _ peer: String, _ peerNamespace: String) -> String {
        "link add \(device) netns \(namespace) type veth peer name \(peer) netns \(peerNamespace)"
    }

    private static func internet(_ topology: LabTopology) -> Setup {
        let ports = ["controller"] + topology.sites.map(\.port)
        return Setup(
            namespace: topology.names.internet, settings: [],
            batch: ["link set lo up", "link set br0 up"] + ports.flatMap { ["link set \($0) master br0", "link set \($0) up"] })
    }

    private static func controller(_ topology: LabTopology) -> Setup {
        Setup(namespace: topology.names.controller, settings: [], batch: ["link set lo up"] + onInternet(topology.controller))
    }

    private static func nat(_ site: LabTopology.SiteWorld) -> Setup? {
        site.nat.map { nat in
            Setup(
                namespace: nat.namespace, settings: [],
                batch: ["link set lo up"] + onInternet(site.publicAddresses) + [
                    "link set inside up", address(nat.address, "/\(nat.network.length)", "inside"),
                ],
                rules: """
                    table ip nat {
                        chain leaving {
                            type nat hook postrouting priority srcnat;
                            oifname wan masquerade random
                        }
                        chain entering {
                            type filter hook forward priority filter;
                            iifname wan ct state new drop
                        }
                    }

                    """)
        }
    }

    private static func gateway(_ site: LabTopology.SiteWorld) -> Setup {
        Setup(
            namespace: site.gatewayNamespace, settings: [],
            batch: ["link set lo up"] + (site.nat.map(behind) ?? onInternet(site.publicAddresses)) + ["link set lan up"]
                + site.networks.map { address($0.gateway, "/\($0.prefix.length)", "lan") })
    }

    private static func host(_ site: LabTopology.SiteWorld) -> Setup {
        let addressed = site.networks.filter { $0.host != nil }
        let defaults = AddressFamily.allCases.compactMap { family in
            addressed.first { $0.prefix.family == family }.map { "route add default via \($0.gateway) dev eth0 onlink" }
        }
        return Setup(
            namespace: site.hostNamespace, settings: [],
            batch: ["link set lo up", "link set eth0 up"]
                + addressed.flatMap { network in
                    network.host.map { [address($0, "/\(network.prefix.length)", "eth0")] } ?? []
                } + defaults)
    }

    private static func behind(_ nat: LabTopology.NAT) -> [String] {
        [
            "link set wan up", address(nat.gateway, "/\(nat.network.length)", "wan"),
            "route add default via \(nat.address) dev wan",
        ]
    }

    /// Everybody on the internet is a neighbour: no router stands between, none leads out.
    private static func onInternet(_ addresses: [IPAddress]) -> [String] {
        let families = AddressFamily.allCases.filter { family in addresses.contains { $0.family == family } }
        return ["link set wan up"] + addresses.map { address($0, "/\($0.family.bitWidth)", "wan") }
            + families.map { $0 == .ipv4 ? "route add default dev wan scope link" : "route add ::/0 dev wan" }
    }

    private static func address(_ address: IPAddress, _ length: String, _ device: String) -> String {
        "addr add \(address)\(length) dev \(device)" + (address.family == .ipv6 ? " nodad" : "")
    }

    private static let quietIPv6 = ["all", "default"].flatMap {
        ["net.ipv6.conf.\($0).accept_dad=0", "net.ipv6.conf.\($0).accept_ra=0", "net.ipv6.conf.\($0).router_solicitations=0"]
    }
    private static let internetSettings = ["net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1"]
    private static let hostSettings = quietIPv6
    private static let routerSettings =
        quietIPv6 + [
            "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1", "net.ipv6.conf.default.forwarding=1",
            // Nobody on the internet is reached at an address of a private network.
            "net.ipv4.conf.all.arp_ignore=1", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0",
            "net.ipv4.conf.all.send_redirects=0", "net.ipv4.conf.default.send_redirects=0",
        ]
}

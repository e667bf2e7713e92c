import WarrenModel

/// What one gateway's files say, before it is known what the others say.
struct GatewayFacts {
    let folder: String
    var isFreeBSD = false
    var tunnels: [TunnelFact] = []
    var connections: [ConnectionFact] = []
    var policies: [PolicyFact] = []
    var routes: [RouteFact] = []
    /// The networks of its other interfaces.
    var interfaceNetworks: [IPPrefix] = []

    init(folder: String) { self.folder = folder }

    var isEmpty: Bool { tunnels.isEmpty && connections.isEmpty }

    /// Gives each policy and route to the tunnel that it belongs to; what belongs to none is left out.
    mutating func closeRoutes(_ leftOut: inout LeftOutList) {
        var byPeer: [IPAddress: Int] = [:], byInner: [IPAddress: Int] = [:], byInterface: [String: Int] = [:]
        for (index, tunnel) in tunnels.enumerated() {
            byPeer[tunnel.outer.remote] = index
            byInterface[tunnel.interface] = index
            for inner in tunnel.inner { byInner[inner.remote] = index }
        }
        for policy in policies {
            if let index = byPeer[policy.outer.remote], tunnels[index].outer == policy.outer, policy.isEncapsulation {
                tunnels[index].mode = policy.mode
            } else if let local = policy.localNetwork, let remote = policy.remoteNetwork {
                connections.append(
                    ConnectionFact(
                        source: policy.source, local: [policy.outer.local], remote: [policy.outer.remote],
                        localNetworks: [local], remoteNetworks: [remote]))
            } else {
                leftOut.add(
                    policy.source, "a policy of \(policy.outer.local) and \(policy.outer.remote) that goes with no tunnel")
            }
        }
        for route in routes {
            switch route.via {
            case .gateway(let address) where byInner[address] != nil:
                if let index = byInner[address] { tunnels[index].networks.append((route.destination, route.source)) }
            case .interface(let name) where byInterface[name] != nil:
                if let index = byInterface[name] { tunnels[index].networks.append((route.destination, route.source)) }
            default: leftOut.add(route.source, "the route to \(route.destination): it leads into no tunnel")
            }
        }
    }
}

/// Two addresses of one family.
struct AddressPair: Hashable {
    var local: IPAddress
    var remote: IPAddress

    init?(_ local: IPAddress, _ remote: IPAddress) {
        guard local.family == remote.family, local != remote else { return nil }
        (self.local, self.remote) = (local, remote)
    }
}

/// A gif interface.
struct TunnelFact {
    var interface: String
    var source: Source
    var outer: AddressPair
    var inner: [AddressPair]
    /// What is routed into it.
    var networks: [(prefix: IPPrefix, source: Source)] = []
    /// Nil while no policy has spoken of it.
    var mode: IPsecMode?
}

/// One `spdadd` that protects something with ESP.
struct PolicyFact {
    var source: Source
    /// The gateways, this one first.
    var outer: AddressPair
    var mode: IPsecMode
    /// It speaks of IP in IP between the gateways themselves.
    var isEncapsulation: Bool
    /// The networks of a policy that stands without a tunnel.
    var localNetwork: IPPrefix?
    var remoteNetwork: IPPrefix?
}

/// One static route.
struct RouteFact {
    enum Via { case gateway(IPAddress), interface(String) }

    var source: Source
    var destination: IPPrefix
    var via: Via
}

/// A pair of gateways that an IKE daemon's file, or policies without a tunnel, speak of.
struct ConnectionFact {
    var source: Source
    /// At most one of each family; empty when the file does not say.
    var local: [IPAddress]
    var remote: [IPAddress]
    var localNetworks: [IPPrefix]
    var remoteNetworks: [IPPrefix]
    var parameters: IPsecParameters?
}

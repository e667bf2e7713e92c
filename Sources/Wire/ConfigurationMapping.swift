import WarrenModel

extension AddressPair {
    init(wire: Warren_Agent_V1_AddressPair, _ field: String) throws(WireError) {
        let local = try Field.address(wire.local, field + ".local"), remote = try Field.address(wire.remote, field + ".remote")
        guard local.family == remote.family else { throw Field.fault(field, "addresses of two families") }
        self.init(local: local, remote: remote)
    }

    var wire: Warren_Agent_V1_AddressPair {
        .with {
            $0.local = local.wire
            $0.remote = remote.wire
        }
    }
}

extension IPPrefix {
    init(wire: Warren_Agent_V1_Prefix, _ field: String) throws(WireError) {
        self = try Field.prefix(try Field.address(wire.address, field), wire.length, field)
    }

    var wire: Warren_Agent_V1_Prefix {
        .with {
            $0.address = address.wire
            $0.length = UInt32(length)
        }
    }
}

extension TrafficSelector {
    init(wire: Warren_Agent_V1_TrafficSelector, _ field: String) throws(WireError) {
        let source = try IPPrefix(wire: try Field.present(wire.hasSource, wire.source, field + ".source"), field + ".source")
        let destination = try IPPrefix(
            wire: try Field.present(wire.hasDestination, wire.destination, field + ".destination"), field + ".destination")
        guard source.family == destination.family else { throw Field.fault(field, "prefixes of two families") }
        self.init(
            source: source, destination: destination,
            ipProtocol: IPProtocol(rawValue: try Field.narrow(wire.ipProtocol, field + ".ip_protocol")))
    }

    var wire: Warren_Agent_V1_TrafficSelector {
        .with {
            $0.source = source.wire
            $0.destination = destination.wire
            $0.ipProtocol = UInt32(ipProtocol.rawValue)
        }
    }
}

extension GIFTunnel {
    init(wire: Warren_Agent_V1_Tunnel) throws(WireError) {
        self.init(
            peer: try Field.site(wire.peer, "tunnel.peer"), interface: try Field.interface(wire.interface, "tunnel.interface"),
            outer: try AddressPair(wire: try Field.present(wire.hasOuter, wire.outer, "tunnel.outer"), "tunnel.outer"),
            inner: try AddressPair(wire: try Field.present(wire.hasInner, wire.inner, "tunnel.inner"), "tunnel.inner"),
            mtu: try Field.positive(wire.mtu, atMost: 65535, "tunnel.mtu"), mode: try IPsecMode(wire: wire.mode))
    }

    var wire: Warren_Agent_V1_Tunnel {
        .with {
            $0.peer = peer.description
            $0.interface = interface
            $0.outer = outer.wire
            $0.inner = inner.wire
            $0.mtu = UInt32(clamping: mtu)
            $0.mode = mode.wire
        }
    }
}

extension Route {
    init(wire: Warren_Agent_V1_Route) throws(WireError) {
        let destination = try Field.present(wire.hasDestination, wire.destination, "route.destination")
        self.init(
            destination: try IPPrefix(wire: destination, "route.destination"),
            via: wire.hasVia ? try Field.address(wire.via, "route.via") : nil,
            interface: try Field.interface(wire.interface, "route.interface"))
    }

    var wire: Warren_Agent_V1_Route {
        .with {
            $0.destination = destination.wire
            if let via { $0.via = via.wire }
            $0.interface = interface
        }
    }
}

extension SecurityPolicy {
    init(wire: Warren_Agent_V1_SecurityPolicy) throws(WireError) {
        let selector = try Field.present(wire.hasSelector, wire.selector, "policy.selector")
        self.init(
            peer: try Field.site(wire.peer, "policy.peer"), direction: try Direction(wire: wire.direction),
            selector: try TrafficSelector(wire: selector, "policy.selector"), level: try Level(wire: wire.level),
            mode: try IPsecMode(wire: wire.mode))
    }

    var wire: Warren_Agent_V1_SecurityPolicy {
        .with {
            $0.peer = peer.description
            $0.direction = direction.wire
            $0.selector = selector.wire
            $0.level = level.wire
            $0.mode = mode.wire
        }
    }
}

extension FirewallRule {
    init(wire: Warren_Agent_V1_FirewallRule) throws(WireError) {
        self.init(
            action: try Action(wire: wire.action), direction: try Direction(wire: wire.direction),
            ipProtocol: IPProtocol(rawValue: try Field.narrow(wire.ipProtocol, "firewall.ip_protocol")),
            source: wire.hasSource ? try Field.address(wire.source, "firewall.source") : nil,
            destination: wire.hasDestination ? try Field.address(wire.destination, "firewall.destination") : nil,
            ports: try wire.ports.read { port throws(WireError) in try Field.narrow(port, "firewall.ports") },
            interface: wire.hasInterface ? try Field.interface(wire.interface, "firewall.interface") : nil,
            unprotected: try wire.protection.unprotected())
    }

    var wire: Warren_Agent_V1_FirewallRule {
        .with {
            $0.action = action.wire
            $0.direction = direction.wire
            $0.ipProtocol = UInt32(ipProtocol.rawValue)
            if let source { $0.source = source.wire }
            if let destination { $0.destination = destination.wire }
            $0.ports = ports.map(UInt32.init)
            if let interface { $0.interface = interface }
            $0.protection = .init(unprotected: unprotected)
        }
    }
}

extension IPsecParameters {
    init(wire: Warren_Agent_V1_IPsecParameters) throws(WireError) {
        guard !wire.ikeProposals.isEmpty, !wire.childProposals.isEmpty else { throw Field.fault("proposals", "none") }
        guard wire.ikeLifetimeSeconds > 0, wire.livenessSeconds > 0, wire.childLifetimeSeconds > 0, wire.childLifetimeBytes > 0
        else { throw Field.fault("lifetimes", "zero") }
        self.init(
            mode: try IPsecMode(wire: wire.mode), encapsulation: wire.espWithoutUdp ? .esp : .auto,
            ike: IKEParameters(
                proposals: try wire.ikeProposals.read { text throws(WireError) in try Field.proposal(text, "ike_proposals") },
                lifetimeSeconds: wire.ikeLifetimeSeconds, livenessSeconds: wire.livenessSeconds),
            child: ChildSAParameters(
                proposals: try wire.childProposals.read { text throws(WireError) in try Field.proposal(text, "child_proposals")
                },
                lifetimeSeconds: wire.childLifetimeSeconds, lifetimeBytes: wire.childLifetimeBytes,
                lifetimePackets: wire.childLifetimePackets == 0 ? nil : wire.childLifetimePackets))
    }

    var wire: Warren_Agent_V1_IPsecParameters {
        .with {
            $0.mode = mode.wire
            $0.espWithoutUdp = encapsulation == .esp
            $0.ikeProposals = ike.proposals.map(\.description)
            $0.ikeLifetimeSeconds = ike.lifetimeSeconds
            $0.livenessSeconds = ike.livenessSeconds
            $0.childProposals = child.proposals.map(\.description)
            $0.childLifetimeSeconds = child.lifetimeSeconds
            $0.childLifetimeBytes = child.lifetimeBytes
            $0.childLifetimePackets = child.lifetimePackets ?? 0
        }
    }
}

extension IKEPeer {
    init(wire: Warren_Agent_V1_IKEPeer) throws(WireError) {
        self.init(
            peer: try Field.site(wire.peer, "ike.peer"),
            outer: try AddressPair(wire: try Field.present(wire.hasOuter, wire.outer, "ike.outer"), "ike.outer"),
            initiator: wire.initiator,
            parameters: try IPsecParameters(wire: try Field.present(wire.hasParameters, wire.parameters, "ike.parameters")),
            selectors: try wire.selectors.read { item throws(WireError) in try TrafficSelector(wire: item, "ike.selectors") },
            key: try Field.link(try Field.present(wire.hasKey, wire.key, "ike.key"), "ike.key"),
            alternatives: try wire.alternatives.read { item throws(WireError) in try IKEAlternative(wire: item) },
            keyFloor: wire.keyFloor > 0 ? wire.keyFloor : nil)
    }

    var wire: Warren_Agent_V1_IKEPeer {
        .with {
            $0.peer = peer.description
            $0.outer = outer.wire
            $0.initiator = initiator
            $0.parameters = parameters.wire
            $0.selectors = selectors.map(\.wire)
            $0.key = key.wire
            $0.alternatives = alternatives.map(\.wire)
            $0.keyFloor = keyFloor ?? 0
        }
    }
}

extension IKEAlternative {
    init(wire: Warren_Agent_V1_IKEAlternative) throws(WireError) {
        let field = "ike.alternatives"
        self.init(
            outer: try AddressPair(wire: try Field.present(wire.hasOuter, wire.outer, field + ".outer"), field + ".outer"),
            parameters: try IPsecParameters(wire: try Field.present(wire.hasParameters, wire.parameters, field)),
            selectors: try wire.selectors.read { item throws(WireError) in try TrafficSelector(wire: item, field) },
            key: try Field.link(try Field.present(wire.hasKey, wire.key, field + ".key"), field + ".key"))
    }

    var wire: Warren_Agent_V1_IKEAlternative {
        .with {
            $0.outer = outer.wire
            $0.parameters = parameters.wire
            $0.selectors = selectors.map(\.wire)
            $0.key = key.wire
        }
    }
}

extension NetworkTranslation {
    init(wire: Warren_Agent_V1_NetworkTranslation) throws(WireError) {
        let field = "plan.translations"
        guard
            let translation = NetworkTranslation(
                network: try IPPrefix(wire: try Field.present(wire.hasNetwork, wire.network, field), field),
                visible: try IPPrefix(wire: try Field.present(wire.hasVisible, wire.visible, field), field))
        else { throw Field.fault(field, "prefixes of two sizes") }
        self = translation
    }

    var wire: Warren_Agent_V1_NetworkTranslation {
        .with {
            $0.network = network.wire
            $0.visible = visible.wire
        }
    }
}

extension StateVersion {
    public init(wire: Warren_Agent_V1_StateVersion) {
        self.init(epoch: wire.epoch, generation: Generation(rawValue: wire.generation), revision: wire.revision)
    }

    public var wire: Warren_Agent_V1_StateVersion {
        .with {
            $0.epoch = epoch
            $0.generation = generation.rawValue
            $0.revision = revision
        }
    }
}

/// The kind of data plane that runs on a gateway.
public enum Platform: String, Sendable, Hashable, Codable, CaseIterable {
    case freebsd
    case linux
    case embedded
}

/// Both ends of something, seen from one gateway.
public struct AddressPair: Sendable, Hashable, Codable {
    public let local: IPAddress
    public let remote: IPAddress
    public init(local: IPAddress, remote: IPAddress) {
        self.local = local
        self.remote = remote
    }
}

extension AddressPair: QuickHashable {
    package func combine(into hash: inout QuickHash) {
        local.combine(into: &hash)
        remote.combine(into: &hash)
    }

    public func _rawHashValue(seed: Int) -> Int { quickHash(seed) }
}

/// The IP-in-IP interface of one link on one gateway (gif(4), RFC 2003, RFC 2473).
public struct GIFTunnel: Sendable, Hashable, Codable {
    public let peer: SiteName
    /// `gif<index of the peer>`: at most 15 bytes, so that every kernel takes it.
    public let interface: String
    /// Public addresses: what the encapsulating header carries.
    public let outer: AddressPair
    /// Private addresses: what the interface is numbered with.
    public let inner: AddressPair
    /// Largest inner packet in bytes.
    public let mtu: Int
    public let mode: IPsecMode

    public init(peer: SiteName, interface: String, outer: AddressPair, inner: AddressPair, mtu: Int, mode: IPsecMode) {
        self.peer = peer
        self.interface = interface
        self.outer = outer
        self.inner = inner
        self.mtu = mtu
        self.mode = mode
    }

    /// What tells a gateway's tunnels apart is enough.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(peer)
        hasher.combine(outer)
    }
}

/// A static route into a tunnel.
public struct Route: Sendable, Hashable, Codable {
    public let destination: IPPrefix
    /// The peer's inner address; nil when it is of another family than the destination: then the interface alone says.
    public let via: IPAddress?
    public let interface: String

    public init(destination: IPPrefix, via: IPAddress?, interface: String) {
        self.destination = destination
        self.via = via
        self.interface = interface
    }

    /// Inlined where many are compared, in other modules too: then none is copied, and its name counted as a reference, for that.
    @inlinable @inline(__always)
    public static func == (a: Route, b: Route) -> Bool {
        a.destination == b.destination && a.via == b.via && a.interface == b.interface
    }

    /// A gateway has few routes to one destination.
    public func hash(into hasher: inout Hasher) { hasher.combine(destination) }
    public func _rawHashValue(seed: Int) -> Int { destination._rawHashValue(seed: seed) }
}

/// One entry of the SPD: what `spdadd SOURCE DESTINATION PROTOCOL -P DIRECTION ipsec esp/MODE/A-B/LEVEL` says.
public struct SecurityPolicy: Sendable, Hashable, Codable {
    public enum Direction: String, Sendable, Hashable, Codable, CaseIterable {
        case inbound = "in"
        case outbound = "out"
    }
    /// What happens to a packet that matches while no SA stands: `require` drops it.
    public enum Level: String, Sendable, Hashable, Codable, CaseIterable {
        case require
    }

    public let peer: SiteName
    public let direction: Direction
    public let selector: TrafficSelector
    public let level: Level
    public let mode: IPsecMode

    public init(peer: SiteName, direction: Direction, selector: TrafficSelector, level: Level = .require, mode: IPsecMode) {
        self.peer = peer
        self.direction = direction
        self.selector = selector
        self.level = level
        self.mode = mode
    }

    /// The selectors of both directions differ by what is source and what destination.
    public func hash(into hasher: inout Hasher) { hasher.combine(selector) }
    public func _rawHashValue(seed: Int) -> Int { selector._rawHashValue(seed: seed) }
}

/// One firewall rule of a gateway, without the syntax of any one firewall.
public struct FirewallRule: Sendable, Hashable, Codable {
    public enum Action: String, Sendable, Hashable, Codable, CaseIterable { case allow, drop }
    public enum Direction: String, Sendable, Hashable, Codable, CaseIterable { case inbound = "in", outbound = "out" }

    public let action: Action
    public let direction: Direction
    /// `.any` for whatever the interface carries.
    public let ipProtocol: IPProtocol
    /// Nil: any address.
    public let source: IPAddress?
    public let destination: IPAddress?
    /// UDP destination ports; empty: all.
    public let ports: [UInt16]
    /// Nil: any interface.
    public let interface: String?
    /// The rule speaks only of packets that ESP did not protect (true), only of those it did (false), or of all (nil).
    public let unprotected: Bool?

    public init(
        action: Action, direction: Direction, ipProtocol: IPProtocol, source: IPAddress? = nil,
        destination: IPAddress? = nil, ports: [UInt16] = [], interface: String? = nil, unprotected: Bool? = nil
    ) {
        self.action = action
        self.direction = direction
        self.ipProtocol = ipProtocol
        self.source = source
        self.destination = destination
        self.ports = ports
        self.interface = interface
        self.unprotected = unprotected
    }

    /// Inlined for the same reason as that of `Route`.
    @inlinable @inline(__always)
    public static func == (a: FirewallRule, b: FirewallRule) -> Bool {
        a.action == b.action && a.direction == b.direction && a.ipProtocol == b.ipProtocol && a.source == b.source
            && a.destination == b.destination && a.ports == b.ports && a.interface == b.interface
            && a.unprotected == b.unprotected
    }

    /// What tells most of a gateway's rules apart is enough.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(source)
        hasher.combine(destination)
        hasher.combine(ipProtocol)
        hasher.combine(interface)
        hasher.combine(unprotected)
    }
}

/// Another way that a link may run than the one that is asked for.
public struct IKEAlternative: Sendable, Hashable, Codable {
    public let outer: AddressPair
    public let parameters: IPsecParameters
    public let selectors: [TrafficSelector]
    public let key: PSKReference

    public init(outer: AddressPair, parameters: IPsecParameters, selectors: [TrafficSelector], key: PSKReference) {
        self.outer = outer
        self.parameters = parameters
        self.selectors = selectors
        self.key = key
    }

    /// There are few to one peer.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(outer)
        hasher.combine(key.epoch)
    }
}

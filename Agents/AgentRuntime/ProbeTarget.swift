import WarrenModel
import WarrenPlan

/// Where echo requests go: from one inner address to the other, through one interface (nil: wherever the routes say).
///
/// Two that differ in nothing but the MTU are the same target.
public struct ProbeTarget: Sendable, Hashable {
    public let peer: SiteName
    public let interface: String?
    public let addresses: AddressPair
    /// The largest packet in bytes that shall cross the tunnel whole; nil: that is not tried.
    public let mtu: Int?

    public init(peer: SiteName, interface: String?, addresses: AddressPair, mtu: Int? = nil) {
        self.peer = peer
        self.interface = interface
        self.addresses = addresses
        self.mtu = mtu
    }

    public init(_ tunnel: GIFTunnel) {
        self.init(peer: tunnel.peer, interface: tunnel.interface, addresses: tunnel.inner, mtu: Int(tunnel.mtu))
    }

    public static func == (a: ProbeTarget, b: ProbeTarget) -> Bool {
        a.peer == b.peer && a.interface == b.interface && a.addresses == b.addresses
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(peer)
        hasher.combine(interface)
        hasher.combine(addresses)
    }
}

/// One echo request, and how large its packet shall be.
struct Probe: Equatable {
    let echo: ICMPEcho
    /// In bytes; 0: as small as it can be.
    var packetSize = 0
}

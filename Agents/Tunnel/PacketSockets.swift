import CWarrenSystem

/// The sockets that the packets of one queue cross the Internet by. Whoever opened them closes them, after all that has them here.
public struct PacketSockets: Sendable {
    /// Bound to port 4500 of the wildcard address; the IPv6 one with IPV6_V6ONLY. They carry IKE, too.
    public var udp4: Int32
    public var udp6: Int32?
    /// Where packets leave by in the place of those of port 4500, of which each queue has one, so that the network and the peer's
    /// kernel tell the queues apart (`warren_sending_socket`).
    public var sending4: Int32?
    public var sending6: Int32?
    /// For ESP that is in no UDP (`warren_esp_socket`).
    public var esp4: Int32?
    public var esp6: Int32?

    public init(
        udp4: Int32, udp6: Int32? = nil, sending4: Int32? = nil, sending6: Int32? = nil, esp4: Int32? = nil, esp6: Int32? = nil
    ) {
        self.sending4 = sending4
        self.sending6 = sending6
        self.udp4 = udp4
        self.udp6 = udp6
        self.esp4 = esp4
        self.esp6 = esp6
    }

    /// One of them.
    struct Entry {
        let descriptor: Int32
        let isIPv6: Bool
        let isUDP: Bool
        var family: Int32 { isIPv6 ? AF_INET6 : AF_INET }
    }

    var entries: [Entry] {
        let all: [(Int32?, Bool, Bool)] = [
            (udp4, false, true), (udp6, true, true), (esp4, false, false), (esp6, true, false), (sending4, false, true),
            (sending6, true, true),
        ]
        return all.compactMap { descriptor, isIPv6, isUDP in
            descriptor.map { Entry(descriptor: $0, isIPv6: isIPv6, isUDP: isUDP) }
        }
    }

    /// Those that packets leave by.
    var leaving: PacketSockets { PacketSockets(udp4: sending4 ?? udp4, udp6: sending6 ?? udp6, esp4: esp4, esp6: esp6) }

    /// Of those, the one for a route.
    @inline(__always)
    func descriptor(for route: UnsafePointer<warren_route>) -> Int32? {
        let isIPv6 = route.pointee.family == AF_INET6
        return route.pointee.remote_port != 0 ? (isIPv6 ? udp6 : udp4) : (isIPv6 ? esp6 : esp4)
    }
}

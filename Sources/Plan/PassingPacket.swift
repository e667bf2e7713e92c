import WarrenModel

/// What policies and firewall rules see of a packet.
struct PassingPacket {
    var direction: SecurityPolicy.Direction
    var ipProtocol: IPProtocol
    var source: IPAddress
    var destination: IPAddress
    /// The gif interface that it passes; nil for a packet between gateways.
    var interface: String?
    /// ESP does not protect it.
    var isUnprotected = false
}

extension SecurityPolicy {
    func protects(_ packet: PassingPacket) -> Bool {
        direction == packet.direction && selector.source.contains(packet.source)
            && selector.destination.contains(packet.destination)
            && (selector.ipProtocol == .any || selector.ipProtocol == packet.ipProtocol)
    }
}

extension [FirewallRule] {
    /// What the first rule says that matches; a packet that no rule speaks of passes.
    func admits(_ packet: PassingPacket) -> Bool {
        first { $0.matches(packet) }?.action != .drop
    }
}

extension FirewallRule {
    /// Whether it speaks of the packet. Rules of ports speak of other packets than those of tunnels.
    fileprivate func matches(_ packet: PassingPacket) -> Bool {
        direction.rawValue == packet.direction.rawValue && (ipProtocol == .any || ipProtocol == packet.ipProtocol)
            && (source ?? packet.source) == packet.source && (destination ?? packet.destination) == packet.destination
            && (interface == nil || interface == packet.interface) && ports.isEmpty
            && (unprotected ?? packet.isUnprotected) == packet.isUnprotected
    }
}

import WarrenModel

/// What a frame on the lab's internet may be.
public enum FrameKind: String, Sendable, Hashable, Codable, CaseIterable {
    /// IKE on UDP 500, or on UDP 4500 behind the non-ESP marker (RFC 3948, 2.2).
    case ike
    /// ESP in UDP 4500 (RFC 3948, 2.1).
    case espInUDP = "esp-in-udp"
    /// ESP on IP (RFC 4303).
    case esp
    /// One byte 0xFF on UDP 4500 (RFC 3948, 2.3).
    case natKeepalive = "nat-keepalive"
    /// That a gateway takes no IKE or ESP, for its daemon does not run: destination unreachable (RFC 792), with a quote of it.
    case refusal = "icmp-refusal"
    /// TLS records, or bare TCP segments, between a gateway and the controller.
    case controllerTLS = "controller-tls"
    case arp
    /// IPv6 neighbour and router discovery (RFC 4861).
    case neighbourDiscovery = "neighbour-discovery"
    /// Multicast listener reports (RFC 3810) and IGMP (RFC 3376).
    case groupMembership = "group-membership"
}

/// Sorts the frames of one capture, in their order: each is of a kind that belongs on the Internet, or a violation.
///
/// Pure, and safe on any bytes. It keeps the state of TCP streams and of IP fragments, so one classifier reads one capture.
public struct FrameClassifier: Sendable {
    /// A frame that must not be there: what it is, and why it is none of the kinds.
    public struct Violation: Error, Sendable, Equatable, CustomStringConvertible {
        public let description: String
        init(_ description: String) { self.description = description }
    }

    /// Between whom ESP was seen: the sender is the local end.
    public private(set) var protectedFlows: Set<AddressPair> = []

    private let gateways: Set<IPAddress>
    private let controller: Set<IPAddress>
    private var records = TLSRecordTracker()
    private var fragments: [FragmentKey: FrameKind] = [:]

    private struct FragmentKey: Hashable {
        let source: IPAddress
        let destination: IPAddress
        let identification: UInt32
    }

    public init(gateways: Set<IPAddress>, controller: Set<IPAddress>) {
        self.gateways = gateways
        self.controller = controller
    }

    public mutating func classify(_ frame: [UInt8]) throws(Violation) -> FrameKind {
        var reader = ByteReader(frame)
        reader.skip(12)
        guard let type = reader.uint16() else { throw Violation("a frame of \(frame.count) bytes: no Ethernet header") }
        switch type {
        case 0x0806: return .arp
        case 0x0800, 0x86DD:
            let packet = try IPPacket.parse(reader.rest, isIPv6: type == 0x86DD)
            return try classify(packet)
        default: throw Violation("EtherType 0x\(String(type, radix: 16)), \(frame.count) bytes")
        }
    }

    private mutating func classify(_ packet: IPPacket) throws(Violation) -> FrameKind {
        let key = packet.fragment.map {
            FragmentKey(source: packet.source, destination: packet.destination, identification: $0.identification)
        }
        if let key, packet.fragment?.isFirst == false {
            guard let kind = fragments[key] else { throw Violation("\(packet): a fragment of an unknown packet") }
            return kind
        }
        let kind = try kind(of: packet)
        if let key { fragments[key] = kind }
        return kind
    }

    private mutating func kind(of packet: IPPacket) throws(Violation) -> FrameKind {
        switch packet.ipProtocol {
        case 17: return try datagram(packet)
        case 6: return try segment(packet)
        case 1: return try refusal(packet)
        case 50:
            try requireGateways(packet)
            return try esp(packet.payload, .esp, packet)
        case 2 where packet.source.family == .ipv4: return .groupMembership
        case 58: return try controlMessage(packet)
        case 4, 41: throw Violation("\(packet): IP in IP that nothing protects")
        default: throw Violation("\(packet)")
        }
    }

    private func requireGateways(_ packet: IPPacket) throws(Violation) {
        guard gateways.contains(packet.source), gateways.contains(packet.destination) else {
            throw Violation("\(packet): not between two gateways' public addresses")
        }
    }

    private mutating func datagram(_ packet: IPPacket) throws(Violation) -> FrameKind {
        var reader = ByteReader(packet.payload)
        guard let sourcePort = reader.uint16(), let destinationPort = reader.uint16(), let length = reader.uint16(),
            reader.uint16() != nil
        else { throw Violation("\(packet): shorter than a UDP header") }
        let ports = "UDP \(sourcePort) to \(destinationPort)"
        guard [500, 4500].contains(sourcePort) || [500, 4500].contains(destinationPort) else {
            throw Violation("\(packet): \(ports), \(length) bytes")
        }
        try requireGateways(packet)
        let content = reader.rest
        guard sourcePort == 4500 || destinationPort == 4500 else { return try ike(content, packet) }
        if content.count == 1, content.first == 0xFF { return .natKeepalive }
        if content.prefix(4).elementsEqual([0, 0, 0, 0]) { return try ike(content.dropFirst(4), packet) }
        return try esp(content, .espInUDP, packet)
    }

    /// Only one that quotes IKE or ESP, sent to whom it is quoted from. Who says it may have another address by now.
    private func refusal(_ packet: IPPacket) throws(Violation) -> FrameKind {
        var reader = ByteReader(packet.payload)
        guard reader.uint8() == 3, reader.bytes(7) != nil, let first = reader.uint8(), first >> 4 == 4,
            reader.bytes(8) != nil, let quoted = reader.uint8(), reader.bytes(2) != nil,
            let source = reader.bytes(4).flatMap({ IPAddress(bytes: $0) }), source == packet.destination,
            let destination = reader.bytes(4).flatMap({ IPAddress(bytes: $0) }), gateways.contains(destination),
            reader.bytes(Int(first & 15) * 4 - 20) != nil
        else { throw Violation("\(packet)") }
        // At a NAT, one of the ports is another.
        let ports = [reader.uint16(), reader.uint16()]
        let isUDP = quoted == 17 && (ports.contains(500) || ports.contains(4500))
        guard isUDP || quoted == 50 else { throw Violation("\(packet)") }
        try requireGateways(packet)
        return .refusal
    }

    /// The fixed header of RFC 7296, 3.1: initiator's SPI, version 2.0, length. A first fragment holds only a part.
    private func ike(_ content: ArraySlice<UInt8>, _ packet: IPPacket) throws(Violation) -> FrameKind {
        var reader = ByteReader(content)
        guard let initiator = reader.bytes(8), reader.bytes(8) != nil, reader.uint8() != nil, let version = reader.uint8(),
            reader.bytes(6) != nil, let length = reader.uint32()
        else { throw Violation("\(packet): shorter than an IKE header") }
        guard initiator.contains(where: { $0 != 0 }), version == 0x20,
            Int(length) == content.count || packet.fragment != nil
        else { throw Violation("\(packet): on an IKE port, but not an IKEv2 message") }
        return .ike
    }

    /// RFC 4303, 2: SPI (not reserved), sequence number (never 0), and room for a nonce and an integrity check value.
    private mutating func esp(_ content: ArraySlice<UInt8>, _ kind: FrameKind, _ packet: IPPacket) throws(Violation)
        -> FrameKind
    {
        var reader = ByteReader(content)
        guard let spi = reader.uint32(), let sequence = reader.uint32(), reader.remaining >= 20 else {
            throw Violation("\(packet): shorter than an ESP packet")
        }
        guard spi >= 256, sequence != 0 || packet.fragment != nil else {
            throw Violation("\(packet): where ESP should be, SPI \(spi) and sequence number \(sequence)")
        }
        protectedFlows.insert(AddressPair(local: packet.source, remote: packet.destination))
        return kind
    }

    private mutating func segment(_ packet: IPPacket) throws(Violation) -> FrameKind {
        var reader = ByteReader(packet.payload)
        guard let sourcePort = reader.uint16(), let destinationPort = reader.uint16(), let sequence = reader.uint32(),
            reader.uint32() != nil, let offset = reader.uint8(), let flags = reader.uint8()
        else { throw Violation("\(packet): shorter than a TCP header") }
        let what = "\(packet): TCP \(sourcePort) to \(destinationPort)"
        guard controller.contains(packet.source) || controller.contains(packet.destination) else {
            throw Violation("\(what), with no controller at either end")
        }
        let headerLength = Int(offset >> 4) * 4
        guard headerLength >= 20, headerLength <= packet.payload.count else { throw Violation("\(what): a bad header length") }
        let stream = TLSRecordTracker.Stream(
            source: Endpoint(address: packet.source, port: sourcePort),
            destination: Endpoint(address: packet.destination, port: destinationPort))
        let isSynchronising = flags & 0x02 != 0
        guard records.accept(packet.payload.dropFirst(headerLength), at: sequence, of: stream, opens: isSynchronising) else {
            throw Violation("\(what): content that is not TLS records")
        }
        return .controllerTLS
    }

    /// ICMPv6 that links need: router and neighbour discovery (133…137), listener reports (130…132, 143).
    private func controlMessage(_ packet: IPPacket) throws(Violation) -> FrameKind {
        switch packet.payload.first {
        case .some(133...137): return .neighbourDiscovery
        case .some(130...132), .some(143): return .groupMembership
        case let type: throw Violation("\(packet): ICMPv6 type \(type.map(String.init) ?? "missing")")
        }
    }
}

import WarrenModel
import WarrenPlan

/// Which packets a capture on a gateway keeps, and how much of each. Safe on any bytes.
///
/// Kept are IKE (UDP 500, and 4500 behind its marker), ESP, and ESP in UDP 4500 from and to the outer addresses of the gateway's
/// peers, and nothing else of what the host sends and receives. Of a packet's later fragments there are those of ESP alone: of
/// others it cannot be known what they carry.
public struct CaptureRule: Sendable {
    private let peers: Set<IPAddress>
    private let isWhole: Bool

    /// - Parameter peer: nil: every peer of the plan.
    public init(of plan: GatewayPlan, with peer: SiteName?, isWhole: Bool) {
        let chosen = plan.ike.filter { peer == nil || $0.peer == peer }
        peers = Set(chosen.flatMap { [$0.outer.remote] + $0.alternatives.map(\.outer.remote) })
        self.isWhole = isWhole
    }

    /// There is nobody to hear anything of.
    public var isIdle: Bool { peers.isEmpty }

    /// How many bytes are kept of a packet that begins with these, and has `length` of them; nil: none, it is not one of the mesh.
    public func kept(of bytes: some RandomAccessCollection<UInt8>, length: Int) -> Int? {
        let packet = PacketBytes(bytes)
        guard let version = packet[0].map({ $0 >> 4 }),
            let headers = version == 4 ? ipv4(packet) : version == 6 ? ipv6(packet) : nil
        else { return nil }
        return min(isWhole ? length : headers, length, bytes.count)
    }

    /// The length of the packet's headers.
    private func ipv4(_ packet: PacketBytes<some RandomAccessCollection<UInt8>>) -> Int? {
        guard let first = packet[0], let fragment = packet.uint16(6), let kind = packet[9], isOfPeer(packet, 12, 16, 4) else {
            return nil
        }
        let header = Int(first & 15) * 4
        guard header >= 20 else { return nil }
        return content(packet, kind, at: header, isLater: fragment & 0x1FFF != 0)
    }

    private func ipv6(_ packet: PacketBytes<some RandomAccessCollection<UInt8>>) -> Int? {
        guard let next = packet[6], isOfPeer(packet, 8, 24, 16) else { return nil }
        guard next == 44 else { return content(packet, next, at: 40, isLater: false) }
        // RFC 8200, 4.5: the fragment header.
        guard let kind = packet[40], let fragment = packet.uint16(42) else { return nil }
        return content(packet, kind, at: 48, isLater: fragment >> 3 != 0)
    }

    private func isOfPeer(
        _ packet: PacketBytes<some RandomAccessCollection<UInt8>>, _ source: Int, _ destination: Int, _ length: Int
    ) -> Bool {
        [source, destination].contains { offset in
            packet.slice(offset, length).flatMap { IPAddress(bytes: $0) }.map(peers.contains) ?? false
        }
    }

    private func content(
        _ packet: PacketBytes<some RandomAccessCollection<UInt8>>, _ kind: UInt8, at offset: Int, isLater: Bool
    ) -> Int? {
        if isLater { return kind == 50 ? offset : nil }
        // RFC 4303, 2: the SPI and the sequence number.
        if kind == 50 { return offset + 8 }
        guard kind == 17, let source = packet.uint16(offset), let destination = packet.uint16(offset + 2) else { return nil }
        let data = offset + 8
        // RFC 7296, 3.1: the header of IKE has 28 bytes.
        if source == 500 || destination == 500 { return data + 28 }
        guard source == 4500 || destination == 4500 else { return nil }
        // RFC 3948, 2.2: four bytes of 0 mark IKE. A keepalive has one byte in all.
        return packet.slice(data, 4)?.allSatisfy { $0 == 0 } == true ? data + 32 : data + 8
    }
}

/// Bytes by their offset; nil beyond the end.
private struct PacketBytes<Bytes: RandomAccessCollection<UInt8>> {
    private let bytes: Bytes
    init(_ bytes: Bytes) { self.bytes = bytes }

    subscript(offset: Int) -> UInt8? {
        offset < bytes.count ? bytes[bytes.index(bytes.startIndex, offsetBy: offset)] : nil
    }

    func uint16(_ offset: Int) -> UInt16? {
        guard let high = self[offset], let low = self[offset + 1] else { return nil }
        return UInt16(high) << 8 | UInt16(low)
    }

    func slice(_ offset: Int, _ length: Int) -> Bytes.SubSequence? {
        guard offset + length <= bytes.count else { return nil }
        let start = bytes.index(bytes.startIndex, offsetBy: offset)
        return bytes[start..<bytes.index(start, offsetBy: length)]
    }
}

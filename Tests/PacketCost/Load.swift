/// What a TUN queue gives in one turn: packets, each behind its virtio header (struct virtio_net_hdr).
struct Load {
    let packets: [[UInt8]]
    /// Packets that the peer receives for them.
    let segments: Int

    /// One TCP packet that is cut into so many.
    static func superPacket(segments: Int, payload: Int) -> Load {
        let length = 40 + segments * payload
        // NEEDS_CSUM, TCPv4, header length, payload of a segment, where the checksum starts and is (virtio 1.2, 5.1.6).
        let virtio: [UInt8] = [1, 1] + little(40) + little(payload) + little(20) + little(16)
        // Ports, sequence, acknowledgement; 5 words, ACK; window, checksum, urgent pointer.
        let tcp: [UInt8] = big(40_000) + big(5201) + [0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10] + big(1024) + [0, 0, 0, 0]
        return Load(packets: [virtio + ip(length, 6) + tcp + filling(segments * payload)], segments: segments)
    }

    /// UDP packets of their own, with the checksum zero: none.
    static func datagrams(count: Int, payload: Int) -> Load {
        let udp = big(40_000) + big(5201) + big(8 + payload) + [0, 0]
        let packet = [UInt8](repeating: 0, count: 10) + ip(28 + payload, 17) + udp + filling(payload)
        return Load(packets: Array(repeating: packet, count: count), segments: count)
    }

    private static func ip(_ length: Int, _ transport: UInt8) -> [UInt8] {
        let header: [UInt8] = [0x45, 0] + big(length) + [0, 0, 0x40, 0, 63, transport, 0, 0, 10, 1, 0, 2, 10, 2, 0, 2]
        var sum = stride(from: 0, to: 20, by: 2).reduce(0) { $0 + Int(header[$1]) << 8 + Int(header[$1 + 1]) }
        sum = (sum & 0xffff) + (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16)
        return header[..<10] + big(~sum & 0xffff) + header[12...]
    }

    private static func filling(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0) } }
    private static func big(_ number: Int) -> [UInt8] { [UInt8(number >> 8 & 255), UInt8(number & 255)] }
    private static func little(_ number: Int) -> [UInt8] { [UInt8(number & 255), UInt8(number >> 8 & 255)] }
}

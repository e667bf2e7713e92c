import WarrenLab

/// What tcpdump wrote of the stretch between the gateways, frame by frame.
struct Capture {
    /// What a frame is, to somebody who sees it pass.
    enum Kind: Hashable {
        case arp
        /// IKE on UDP 500.
        case ike
        /// IKE on UDP 4500, behind the non-ESP marker (RFC 3948, 2.2).
        case ikeInUDP
        case espInUDP
        /// IP protocol 50 (RFC 4303, 2).
        case esp
        /// One byte 0xFF (RFC 3948, 2.3).
        case keepalive
        /// The kernel's answer to IKE for a daemon that has ended: ICMP "port unreachable", which quotes UDP 4500.
        case unreachablePort
        case other(String)
    }

    struct Frame {
        let number: Int
        let kind: Kind
    }

    let frames: [Frame]

    init(_ bytes: [UInt8]) throws {
        let capture = try PacketCapture(bytes)
        guard !capture.endsInsideRecord, !capture.frames.contains(where: \.isTruncated) else {
            throw LinkRun.Unreadable(what: "capture: cut off")
        }
        frames = capture.frames.enumerated().map { Frame(number: $0 + 1, kind: Self.kind($1.bytes)) }
    }

    private static func kind(_ frame: [UInt8]) -> Kind {
        guard frame.count >= 14 else { return .other("\(frame.count) bytes") }
        let type = UInt16(frame[12]) << 8 | UInt16(frame[13])
        switch type {
        case 0x0806: return .arp
        case 0x0800: return ipv4(Array(frame.dropFirst(14)))
        default: return .other("Ethernet type 0x" + String(type, radix: 16))
        }
    }

    /// RFC 792: type 3, code 3, and the packet that found nobody.
    private static func isUnreachablePort(_ message: [UInt8]) -> Bool {
        let quoted = Array(message.dropFirst(8))
        guard message.count >= 8 + 28, message[0] == 3, message[1] == 3, quoted[0] == 0x45, quoted[9] == 17 else {
            return false
        }
        return quoted[22] == 0x11 && quoted[23] == 0x94
    }

    private static func ipv4(_ packet: [UInt8]) -> Kind {
        guard packet.count >= 20, packet[0] >> 4 == 4 else { return .other("a broken IPv4 header") }
        let length = Int(packet[0] & 15) * 4
        let isFragment = (UInt16(packet[6]) << 8 | UInt16(packet[7])) & 0x3fff != 0
        if packet[9] == 1, !isFragment, isUnreachablePort(Array(packet.dropFirst(length))) { return .unreachablePort }
        if packet[9] == 50, !isFragment { return .esp }
        guard packet[9] == 17, !isFragment else {
            return .other("IPv4 protocol \(packet[9])\(isFragment ? ", a fragment" : "")")
        }
        guard packet.count >= length + 9 else { return .other("a broken UDP header") }
        let ports = [packet[length], packet[length + 1], packet[length + 2], packet[length + 3]]
        let payload = Array(packet.dropFirst(length + 8))
        switch ports {
        case [0x01, 0xf4, 0x01, 0xf4]: return .ike
        case [0x11, 0x94, 0x11, 0x94]:
            if payload == [0xff] { return .keepalive }
            guard payload.count > 8 else { return .other("\(payload.count) bytes on UDP 4500") }
            return payload.prefix(4) == [0, 0, 0, 0] ? .ikeInUDP : .espInUDP
        default: return .other("UDP ports \(ports)")
        }
    }
}

import CWarrenSystem
import ESP
import IKEv2
import TunnelControl
import WarrenModel

#if canImport(Glibc)
    import Glibc
#endif

/// The UDP sockets of the wildcard addresses: 500 for IKE alone, 4500 for the packet path, which shares it with IKE
/// (RFC 3948); and those of ESP itself. Those of IPv6 are missing where the kernel has none.
///
/// With several queues, each has a socket of port 4500, to which the kernel gives what names the queue in its SPI, and all but the
/// first have one of another port to send by.
final class DaemonSockets {
    static let ikePort: UInt16 = 500
    static let encapsulationPort: UInt16 = 4500

    let ike4: OwnedDescriptor
    let ike6: OwnedDescriptor?
    private let queues: [Queue]
    /// Missing where even root is not given them: without CAP_NET_RAW.
    let esp4: OwnedDescriptor?
    let esp6: OwnedDescriptor?

    private struct Queue {
        let receiving4: OwnedDescriptor
        let receiving6: OwnedDescriptor?
        let sending4: OwnedDescriptor?
        let sending6: OwnedDescriptor?
    }

    init(queues count: Int = 1) throws {
        ike4 = try Self.bound(AF_INET, Self.ikePort)
        ike6 = Self.hasIPv6 ? try Self.bound(AF_INET6, Self.ikePort) : nil
        esp4 = Self.esp(AF_INET)
        esp6 = Self.esp(AF_INET6)
        queues = try (0..<count).map { try Self.queue($0, of: count) }
        guard count > 1, let last = queues.last else { return }
        for socket in [last.receiving4, last.receiving6].compactMap({ $0 }) {
            guard warren_steer_by_spi(socket.rawValue, PacketQueues.spiMask, UInt32(count)) == 0 else {
                throw TunnelStartError.lastSystemError("SO_ATTACH_REUSEPORT_CBPF")
            }
        }
    }

    /// Those that the packet path uses, by queue.
    var packets: [PacketSockets] {
        queues.enumerated().map { index, queue in
            PacketSockets(
                udp4: queue.receiving4.rawValue, udp6: queue.receiving6?.rawValue, sending4: queue.sending4?.rawValue,
                sending6: queue.sending6?.rawValue, esp4: index == 0 ? esp4?.rawValue : nil,
                esp6: index == 0 ? esp6?.rawValue : nil)
        }
    }

    private static func queue(_ index: Int, of count: Int) throws -> Queue {
        Queue(
            receiving4: try bound(AF_INET, encapsulationPort, isShared: count > 1),
            receiving6: hasIPv6 ? try bound(AF_INET6, encapsulationPort, isShared: count > 1) : nil,
            sending4: index > 0 ? try sending(AF_INET) : nil, sending6: index > 0 && hasIPv6 ? try sending(AF_INET6) : nil)
    }

    private static func sending(_ family: Int32) throws -> OwnedDescriptor {
        let descriptor = warren_sending_socket(family)
        guard descriptor >= 0 else { throw TunnelStartError.lastSystemError("binding a UDP port of any number") }
        return OwnedDescriptor(descriptor)
    }

    private static func esp(_ family: Int32) -> OwnedDescriptor? {
        let descriptor = warren_esp_socket(family)
        return descriptor < 0 ? nil : OwnedDescriptor(descriptor)
    }

    private static var hasIPv6: Bool {
        let probe = socket(AF_INET6, Int32(SOCK_DGRAM.rawValue), 0)
        guard probe >= 0 else { return false }
        close(probe)
        return true
    }

    private static func bound(_ family: Int32, _ port: UInt16, isShared: Bool = false) throws -> OwnedDescriptor {
        let descriptor = isShared ? warren_shared_datagram_socket(family, port) : warren_datagram_socket(family, port)
        guard descriptor >= 0 else {
            throw TunnelStartError.lastSystemError("binding UDP port \(port) of IPv\(family == AF_INET ? 4 : 6)")
        }
        return OwnedDescriptor(descriptor)
    }

    /// The next datagram that waits on a socket of port 500; nil when none does.
    func receiveIKE(_ socket: OwnedDescriptor, into buffer: inout [UInt8]) -> IKEDatagram? {
        while true {
            var source = warren_address(), destination = warren_address()
            let count = buffer.withUnsafeMutableBytes {
                warren_datagram_receive(socket.rawValue, $0.baseAddress, $0.count, &source, &destination)
            }
            if count < 0 {
                // ICMP errors of earlier sends surface here, once each.
                if errno == EAGAIN || errno == EWOULDBLOCK { return nil }
                if [EINTR, EMSGSIZE, ECONNREFUSED, EHOSTUNREACH, ENETUNREACH].contains(errno) { continue }
                return nil
            }
            guard let remote = IPAddress(source), let local = IPAddress(destination) else { continue }
            return IKEDatagram(
                local: Endpoint(address: local, port: Self.ikePort), remote: Endpoint(address: remote, port: source.port),
                bytes: Array(buffer.prefix(count)))
        }
    }

    /// Sends from port 500 of the address `source`; nil: the kernel chooses it. Why the kernel refused, nil when it did not: IKE
    /// repeats its requests, so that is told to people alone.
    func sendIKE(_ datagram: IKEDatagram, source: IPAddress?) -> String? {
        guard let socket = datagram.remote.address.family == .ipv4 ? ike4 : ike6 else { return "the kernel has no IPv6" }
        var source = source.map { warren_address($0, port: 0) } ?? warren_address()
        var destination = warren_address(datagram.remote.address, port: datagram.remote.port)
        return datagram.bytes.withUnsafeBytes {
            let count = warren_datagram_send(socket.rawValue, $0.baseAddress, $0.count, &source, &destination)
            return count >= 0 ? nil : String(cString: strerror(errno))
        }
    }
}

extension IPAddress {
    /// Whether it is this gateway's now; nil when the kernel can't say.
    var isOwn: Bool? {
        var address = warren_address(self, port: 0)
        let answer = warren_is_own_address(&address)
        return answer < 0 ? nil : answer == 1
    }
}

extension warren_address {
    init(_ address: IPAddress, port: UInt16) {
        self.init()
        family = address.family == .ipv4 ? AF_INET : AF_INET6
        self.port = port
        withUnsafeMutableBytes(of: &bytes) { $0.copyBytes(from: address.bytes) }
    }
}

extension IPAddress {
    /// Nil when the kernel told none.
    init?(_ address: warren_address) {
        let length = address.family == AF_INET ? 4 : address.family == AF_INET6 ? 16 : 0
        self.init(bytes: withUnsafeBytes(of: address.bytes) { Array($0.prefix(length)) })
    }
}

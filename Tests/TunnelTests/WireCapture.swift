import CWarrenSystem
import Foundation

/// Every frame that passes on the wire of a network namespace, from now on.
final class WireCapture {
    private let descriptor: Int32

    init(namespace path: String) throws {
        descriptor = warren_in_network_namespace(
            path,
            { _ in
                // ETH_P_ALL
                let everything = UInt16(3).bigEndian
                let descriptor = socket(AF_PACKET, Int32(SOCK_RAW.rawValue | SOCK_NONBLOCK.rawValue), Int32(everything))
                var size: Int32 = 64 << 20
                setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, 4)
                // struct sockaddr_ll: family, protocol, interface, and what only sending needs.
                let address = (UInt16(AF_PACKET), everything, Int32(if_nametoindex("wire")), UInt64(0), UInt32(0))
                let failure = withUnsafeBytes(of: address) {
                    bind(descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), 20)
                }
                return failure == 0 ? descriptor : -1
            }, nil)
        guard descriptor >= 0 else { throw CommandFailure(description: "AF_PACKET: \(String(cString: strerror(errno)))") }
    }

    deinit { close(descriptor) }

    /// What was seen and not yet taken.
    func take() -> [[UInt8]] {
        var frames: [[UInt8]] = [], buffer = [UInt8](repeating: 0, count: 1 << 17)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return frames }
            frames.append(Array(buffer[..<count]))
        }
    }

    /// Returns when a frame waits to be taken, or after this time.
    func wait(milliseconds: Int32) {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        poll(&waiting, 1, milliseconds)
    }

    /// Frames for which there was no room since this was last asked.
    var missed: Int {
        // struct tpacket_stats: packets and drops; SOL_PACKET, PACKET_STATISTICS.
        var statistics = (UInt32(0), UInt32(0)), length = socklen_t(8)
        return getsockopt(descriptor, 263, 6, &statistics, &length) == 0 ? Int(statistics.1) : 0
    }
}

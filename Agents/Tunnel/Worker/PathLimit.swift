import CWarrenSystem
import ESP
import WarrenModel

/// How large a datagram to one peer may be (RFC 4301, 8.2): learned, and forgotten after a while, for a path may grow again.
///
/// Outer packets are sent whole (DF) and never larger than the interface. What else the path takes is known from ICMP, which
/// is believed only where it quotes an SPI that is in use and a sequence number that was sent just now.
final class PathLimit {
    /// What is not believed of a path: less than every path must carry (RFC 791, 3.2; RFC 8200, 5).
    static let smallest = [AddressFamily.ipv4: 576, .ipv6: 1280]
    static let lifetime = Duration.seconds(600)
    /// How far back a packet may have been sent of which the network tells.
    static let recent: UInt32 = 1 << 16

    let remote: IPAddress
    private(set) var bytes: Int?
    private var learnedAt = MonotonicTime(nanoseconds: 0)

    init(_ remote: IPAddress) { self.remote = remote }

    /// False for what is no news: a path only shrinks until it is forgotten.
    func learn(_ told: Int, now: MonotonicTime) -> Bool {
        let believed = max(told, Self.smallest[remote.family] ?? 0)
        guard believed < bytes ?? 65_536 else { return false }
        bytes = believed
        learnedAt = now
        return true
    }

    /// Whether it is time to try again; then nothing is known.
    func forget(now: MonotonicTime) -> Bool {
        guard now.since(learnedAt) >= Self.lifetime else { return false }
        bytes = nil
        return true
    }

    func largestInner(_ association: SecurityAssociation) -> Int {
        guard let bytes else { return .max }
        return PathMTU.largestInnerPacket(
            pathMTU: bytes, outerFamily: remote.family, mode: association.mode, udpEncapsulation: association.udpEncapsulation,
            encryption: association.encryption)
    }
}

extension PacketEngine {
    /// The way to an address, as SAs of the same peer already know it.
    func path(of peer: PeerEntry, to remote: IPAddress) -> PathLimit {
        peer.outbound.last { $0.path.remote == remote }?.path ?? PathLimit(remote)
    }

    /// What the socket has been told of datagrams that it sent: a bounded number at a time, for strangers may tell, too.
    func takePathErrors(_ socket: Int32) {
        var error = warren_path_error(), taken = 0
        while taken < 64, warren_path_error_take(socket, &error) == 1 {
            learn(error)
            taken &+= 1
        }
    }

    func learn(_ error: warren_path_error) {
        // Errors of other kinds say nothing of size.
        guard error.mtu > 0 else { return }
        for (name, peer) in peers {
            for entry in peer.outbound where entry.path.remote == error.remoteAddress {
                guard error.is_local != 0 || error.quotes(entry.association),
                    entry.path.learn(Int(error.mtu), now: now), let bytes = entry.path.bytes
                else { continue }
                for other in peer.outbound { other.followPath() }
                events.append(.pathLimited(peer: name, bytes: bytes))
            }
        }
    }
}

extension warren_path_error {
    fileprivate var remoteAddress: IPAddress? {
        withUnsafeBytes(of: remote) { IPAddress(bytes: Array($0.prefix(family == AF_INET ? 4 : 16))) }
    }

    fileprivate func quotes(_ association: OutboundAssociation<some AEAD>) -> Bool {
        guard quoted_length >= 8 else { return false }
        return withUnsafePointer(to: quoted) { bytes in
            let header = UnsafeRawPointer(bytes)
            let sent = UInt32(truncatingIfNeeded: association.sequenceNumber)
            return header.network(at: 0, as: UInt32.self) == association.securityAssociation.spi.rawValue
                && sent &- header.network(at: 4, as: UInt32.self) < PathLimit.recent
        }
    }
}

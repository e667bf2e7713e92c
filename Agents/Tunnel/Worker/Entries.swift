import CWarrenSystem
import ESP
import WarrenModel

extension PacketEngine {
    /// One attached tunnel.
    final class TunnelEntry {
        var settings: GIFTunnel
        let sink: Coalescer.Sink
        /// Packets are taken from it, too.
        let isSource: Bool
        /// Whether the kernel gives it any, as far as is known.
        var isEnabled: Bool?
        /// Whether what this queue sends arrives.
        var probe = QueueProbe()
        /// There was one packet when it was last looked at, and no other.
        var cameAlone = false
        var sentPackets: UInt64 = 0
        var sentBytes: UInt64 = 0
        /// What happens to packets that carry IPv4 and IPv6: found anew whenever a policy, an SA or a tunnel changes.
        var ipencap = Decision.drop(.noOutboundPolicy)
        var ipv6 = Decision.drop(.noOutboundPolicy)

        init(_ settings: GIFTunnel, sink: Coalescer.Sink, isSource: Bool) {
            self.settings = settings
            self.sink = sink
            self.isSource = isSource
        }

        /// What protects its packets; of IPv4 and IPv6 one, if they differ.
        var carrier: Unmanaged<OutboundEntry>? { ipencap.carrier ?? ipv6.carrier }
    }

    enum Decision {
        /// Its peer's entry holds it, and `decide` takes it out of here before that ends: a packet counts no references.
        case protect(Unmanaged<OutboundEntry>)
        case drop(DropReason)

        var carrier: Unmanaged<OutboundEntry>? { if case .protect(let entry) = self { entry } else { nil } }
    }

    /// What stands for one peer.
    final class PeerEntry {
        /// Oldest first.
        var outbound: [OutboundEntry] = []
        var lastAcquire: MonotonicTime?
    }

    /// An outbound SA and the route of its datagrams.
    final class OutboundEntry {
        let association: OutboundAssociation<Cipher>
        /// Stays in its place: messages that wait to be sent point to it.
        let route: UnsafeMutablePointer<warren_route>
        let isTunnelMode: Bool
        let encapsulation: Encapsulation
        /// What is known of the way; SAs that follow each other share it.
        let path: PathLimit
        /// The largest inner packet that is sealed as it is.
        var largestInner = Int.max
        var innerBytes: UInt64 = 0
        var lastUsed: MonotonicTime?
        var isSoftLimitTold = false
        var isHardLimitTold = false

        init(
            _ securityAssociation: SecurityAssociation, limits: SALimits, path: PathLimit, library: CipherLibrary
        ) throws(AEADError) {
            self.path = path
            association = try OutboundAssociation(
                securityAssociation, limits: limits, library: library)
            isTunnelMode = securityAssociation.mode == .tunnel
            encapsulation = Encapsulation(
                AddressPair(local: securityAssociation.local.address, remote: securityAssociation.remote.address))
            route = .allocate(capacity: 1)
            route.initialize(
                to: SocketRoute(
                    local: securityAssociation.source, remote: securityAssociation.remote,
                    isUDP: securityAssociation.udpEncapsulation
                ).raw)
            followPath()
        }

        /// After a change of `path`.
        func followPath() {
            largestInner = path.largestInner(association.securityAssociation)
        }

        deinit { route.deallocate() }
    }

    /// An inbound SA and the tunnel that its packets leave by.
    final class InboundEntry {
        let association: InboundAssociation<Cipher>
        let isTunnelMode: Bool
        /// What stands for the address that a packet came to; nil where that one counts.
        let destination: IPAddress?
        /// `tunnels` holds it, and `decide` takes it out of here before that ends.
        var tunnel: Unmanaged<TunnelEntry>?
        var innerBytes: UInt64 = 0
        var lastUsed: MonotonicTime?
        /// Where its datagrams come from.
        var remote: Endpoint
        var isFirstTold = false
        var isSoftLimitTold = false
        var isHardLimitTold = false
        /// The addresses and the protocol that policy and selectors allowed last; nil after any change of either.
        var allowed: Allowed?

        struct Allowed: Equatable {
            let isIPv6: Bool
            let source: UInt128
            let destination: UInt128
            let ipProtocol: UInt8
        }

        init(
            _ securityAssociation: SecurityAssociation, limits: SALimits, library: CipherLibrary
        ) throws(AEADError) {
            association = try InboundAssociation(
                securityAssociation, limits: limits, library: library)
            isTunnelMode = securityAssociation.mode == .tunnel
            destination = securityAssociation.isBehindNAT ? securityAssociation.local.address : nil
            remote = securityAssociation.remote
        }
    }
}

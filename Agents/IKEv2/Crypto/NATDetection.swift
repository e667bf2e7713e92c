import Crypto
import WarrenModel

/// The hashes by which two ends notice a NAT between them (RFC 7296, 2.23).
enum NATDetection {
    static func hash(_ initiatorSPI: IKESPI, _ responderSPI: IKESPI, _ endpoint: Endpoint) -> [UInt8] {
        var writer = ByteWriter()
        writer.uint64(initiatorSPI.rawValue)
        writer.uint64(responderSPI.rawValue)
        writer.append(endpoint.address.bytes)
        writer.uint16(endpoint.port)
        return Array(Insecure.SHA1.hash(data: writer.bytes))
    }

    /// Our two notifies. Where ESP is to be in UDP whatever there is, and where the local address is a NAT's, which may keep ports, they
    /// name a source that nobody has (port 0), so that the peer finds a NAT.
    static func notifies(
        _ initiatorSPI: IKESPI, _ responderSPI: IKESPI, local: Endpoint, remote: Endpoint, findsNAT: Bool
    ) -> [Payload] {
        let source = findsNAT ? Endpoint(address: local.address, port: 0) : local
        return [
            .notify(Notify(.natDetectionSourceIP, data: hash(initiatorSPI, responderSPI, source))),
            .notify(Notify(.natDetectionDestinationIP, data: hash(initiatorSPI, responderSPI, remote))),
        ]
    }

    /// Whether the peer sent its own; one that did not can't carry ESP in UDP.
    static func isKnown(to payloads: PayloadSet) -> Bool {
        payloads.has(.natDetectionSourceIP) && payloads.has(.natDetectionDestinationIP)
    }

    /// What the notifies of both ends make of their ESP; `forced` is ours, `behindNAT` what this end knows of itself.
    static func outcome(
        _ payloads: PayloadSet, _ initiatorSPI: IKESPI, _ responderSPI: IKESPI, _ path: Path, forced: Bool,
        behindNAT isKnownBehindNAT: Bool
    ) -> NATOutcome {
        guard isKnown(to: payloads) else {
            return NATOutcome(behindNAT: isKnownBehindNAT, usesUDP: forced || isKnownBehindNAT, isForced: forced)
        }
        let behindNAT =
            isKnownBehindNAT
            || payloads.notify(.natDetectionDestinationIP)?.data != hash(initiatorSPI, responderSPI, path.local)
        // A peer that does not know yet where it sends from names each of its addresses.
        let named = payloads.notifies.filter { $0.type == NotifyType.natDetectionSourceIP.rawValue }.map(\.data)
        let peerBehindNAT = !named.contains(hash(initiatorSPI, responderSPI, path.remote))
        return NATOutcome(behindNAT: behindNAT, usesUDP: forced || behindNAT || peerBehindNAT, isForced: forced)
    }
}

/// What the ends of an IKE SA found between them, and so how the ESP of its child SAs travels.
struct NATOutcome: Sendable, Equatable {
    /// This end is.
    let behindNAT: Bool
    /// ESP is in UDP port 4500 (RFC 3948).
    let usesUDP: Bool
    /// We announced a NAT that is not there, so that it is.
    let isForced: Bool

    /// Whether a link is carried as it should be. Of ESP without UDP that is true as well where only the other end or a NAT made
    /// it be in UDP: asking anew would not change that.
    func fits(_ encapsulation: ESPEncapsulation) -> Bool { encapsulation.forcesUDP ? usesUDP : !isForced }
}

extension ESPEncapsulation {
    /// Whether this gateway, an embedded one, has ESP put into UDP even without a NAT.
    var forcesUDP: Bool { usesUDP(isEmbedded: true) }
}

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

    /// Our two notifies. A forced one names a source that we don't have (port 0), so that the peer finds a NAT.
    static func notifies(
        _ initiatorSPI: IKESPI, _ responderSPI: IKESPI, local: Endpoint, remote: Endpoint, forced: Bool
    ) -> [Payload] {
        let source = forced ? Endpoint(address: local.address, port: 0) : local
        return [
            .notify(Notify(.natDetectionSourceIP, data: hash(initiatorSPI, responderSPI, source))),
            .notify(Notify(.natDetectionDestinationIP, data: hash(initiatorSPI, responderSPI, remote))),
        ]
    }

    /// What the peer's notifies say; nil when it sent none, so can't encapsulate in UDP.
    static func weAreBehindNAT(
        _ payloads: PayloadSet, _ initiatorSPI: IKESPI, _ responderSPI: IKESPI, local: Endpoint
    ) -> Bool? {
        guard payloads.has(.natDetectionSourceIP), let destination = payloads.notify(.natDetectionDestinationIP) else {
            return nil
        }
        return destination.data != hash(initiatorSPI, responderSPI, local)
    }
}

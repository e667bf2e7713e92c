import ESP
import IKEv2
import WarrenModel

/// What tells one SA from the others: the peer chooses outbound SPIs, so they are unique only together with it.
struct AssociationKey: Hashable {
    let peer: SiteName
    let direction: SecurityPolicy.Direction
    let spi: SPI

    init(peer: SiteName, direction: SecurityPolicy.Direction, spi: SPI) {
        self.peer = peer
        self.direction = direction
        self.spi = spi
    }

    init(_ association: SecurityAssociation) {
        self.init(peer: association.peer, direction: association.direction, spi: association.spi)
    }

    init(_ counters: AssociationCounters) {
        self.init(peer: counters.peer, direction: counters.direction, spi: counters.spi)
    }
}

/// What is reported of an SA besides its counters. Holds no key.
struct AssociationRecord {
    let encryption: EncryptionAlgorithm
    let extendedSequenceNumbers: Bool
    let mode: IPsecMode
    let outer: AddressPair
    let isInUDP: Bool
    let softSeconds: UInt64
    let madeAt: MonotonicTime

    init(_ association: SecurityAssociation, _ lifetime: SALifetime, now: MonotonicTime) {
        encryption = association.encryption
        extendedSequenceNumbers = association.extendedSequenceNumbers
        mode = association.mode
        outer = AddressPair(local: association.local.address, remote: association.remote.address)
        isInUDP = association.udpEncapsulation
        softSeconds = lifetime.softSeconds
        madeAt = now
    }

    func report(_ key: AssociationKey, packets: UInt64, bytes: UInt64, now: MonotonicTime) -> SAReport {
        let age = UInt64(clamping: now.since(madeAt).wholeSeconds)
        return SAReport(
            peer: key.peer, direction: key.direction, spi: key.spi, encryption: encryption,
            extendedSequenceNumbers: extendedSequenceNumbers, mode: mode, outer: outer, ageSeconds: age, packets: packets,
            bytes: bytes, rekeyInSeconds: softSeconds > age ? softSeconds - age : 0, isInUDP: isInUDP)
    }
}

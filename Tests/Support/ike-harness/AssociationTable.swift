import ESP
import IKEv2
import WarrenModel

/// The SAs of one peer as a packet path holds them, without its ciphers, and what is wrong with how they came.
public struct AssociationTable: Sendable {
    public private(set) var inbound: [SPI: SecurityAssociation] = [:]
    /// The oldest first: packets are sealed under the last.
    public private(set) var outbound: [SecurityAssociation] = []
    public private(set) var everAdded: [SecurityAssociation] = []
    public private(set) var faults: [String] = []
    /// Packets that came on each inbound SA.
    public private(set) var received: [SPI: UInt64] = [:]

    public init() {}

    /// The SA that packets to the peer are sealed under.
    public var current: SecurityAssociation? { outbound.last }

    /// The same for each queue that has one, in the queues' order.
    public var carriers: [SecurityAssociation] {
        Dictionary(outbound.map { ($0.queue, $0) }, uniquingKeysWith: { $1 }).values.sorted { $0.queue < $1.queue }
    }

    /// Does what the engine wants of this peer's SAs; other outputs change nothing.
    public mutating func take(_ output: IKEOutput) {
        switch output {
        case .addInbound(let sa, _):
            if inbound[sa.spi] != nil { faults.append("inbound \(sa.spi) added twice") }
            record(sa)
            inbound[sa.spi] = sa
        case .addOutbound(let sa, _):
            if outbound.contains(where: { $0.spi == sa.spi }) { faults.append("outbound \(sa.spi) added twice") }
            record(sa)
            outbound.append(sa)
        case .remove(let spi, .inbound, _):
            inbound[spi] = nil
            received[spi] = nil
        case .remove(let spi, .outbound, _): outbound.removeAll { $0.spi == spi }
        case .send, .sendKeepalive, .redirect, .event: break
        }
    }

    private mutating func record(_ sa: SecurityAssociation) {
        if everAdded.contains(where: {
            $0.direction == sa.direction && ($0.spi == sa.spi || $0.keyingMaterial == sa.keyingMaterial)
        }) {
            faults.append("\(sa.direction) SPI or key of \(sa.spi) used again")
        }
        everAdded.append(sa)
    }

    /// The SA that a packet sealed under `sent` by the peer is opened with; nil when there is none of this SPI and key.
    public func opener(of sent: SecurityAssociation) -> SecurityAssociation? {
        guard let sa = inbound[sent.spi], sa.keyingMaterial == sent.keyingMaterial else { return nil }
        return sa
    }

    /// A packet came on an inbound SA: whether it is the first.
    public mutating func receivePacket(_ spi: SPI) -> Bool {
        received[spi, default: 0] += 1
        return received[spi] == 1
    }

    /// The process that held them is gone, and another is there, for which none was ever used.
    public mutating func forgetAll() {
        inbound = [:]
        outbound = []
        received = [:]
    }
}

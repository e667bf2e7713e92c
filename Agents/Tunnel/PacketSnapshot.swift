import ESP
import TunnelCore
import WarrenModel

extension PacketWorker {
    /// One reading of the packet path's state.
    public struct Snapshot: Sendable, Equatable {
        /// `isUp` is true while the peer has an outbound SA. Bytes are those of inner packets.
        public var tunnels: [TunnelReport] = []
        public var associations: [AssociationCounters] = []
        public var policies: [SecurityPolicy] = []
        /// Packets dropped since the start, by reason; reasons that never happened are absent.
        public var drops: [DropReason: UInt64] = [:]
    }
}

extension PacketWorker.Snapshot {
    /// What the threads say, the first before the others, as one: of each tunnel the sums, of all SAs the list.
    init(of parts: [Self]) {
        self = parts.first ?? Self()
        for part in parts.dropFirst() {
            associations += part.associations
            drops.merge(part.drops, uniquingKeysWith: +)
            let tunnelsOfPart = Dictionary(
                part.tunnels.map { ($0.tunnel.interface, $0) }, uniquingKeysWith: { first, _ in first })
            for index in tunnels.indices {
                if let other = tunnelsOfPart[tunnels[index].tunnel.interface] { tunnels[index].add(other) }
            }
        }
        associations.sort { ($0.peer, $0.direction.rawValue, $0.spi) < ($1.peer, $1.direction.rawValue, $1.spi) }
    }
}

extension TunnelReport {
    fileprivate mutating func add(_ other: TunnelReport) {
        isUp = isUp || other.isUp
        receivedPackets += other.receivedPackets
        receivedBytes += other.receivedBytes
        sentPackets += other.sentPackets
        sentBytes += other.sentBytes
    }
}

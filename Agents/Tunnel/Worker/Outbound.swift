import ESP
import WarrenModel

extension PacketEngine {
    /// One packet from a TUN queue, `count` bytes with its virtio header: segment, encapsulate, seal, queue for sending. It is
    /// written over, and so are `headroom` bytes before it and 8 behind.
    @inline(__always)
    func send(_ virtio: UnsafeMutableRawPointer, count: Int, from tunnel: TunnelEntry) {
        guard let packet = OutboundPacket(virtio: virtio, count: count) else { return drops.count(.malformedOutbound) }
        let carried = packet.header.encapsulationProtocol
        switch packet.header.isIPv6 ? tunnel.ipv6 : tunnel.ipencap {
        case .drop(let reason):
            drops.count(reason)
            if reason == .noAssociation { acquire(tunnel.settings.peer) }
        case .protect(let entry):
            entry._withUnsafeGuaranteedRef { seal(packet, carried: carried, by: $0, from: tunnel) }
        }
    }

    @inline(__always)
    func seal(_ packet: OutboundPacket, carried: UInt8, by entry: OutboundEntry, from tunnel: TunnelEntry) {
        let encapsulation = entry.encapsulation, trafficClass = packet.header.trafficClass
        let layout = entry.association.layout
        let extra = entry.isTunnelMode ? encapsulation.length : 0
        let nextHeader = entry.isTunnelMode ? encapsulation.encapsulationProtocol : carried
        var segmenter = Segmenter(packet)
        while let inner = segmenter.next {
            if inner > entry.largestInner, !outgrow(segmenter, entry, tunnel) { return }
            let length = layout.sealedLength(payload: extra &+ inner)
            guard length <= TransmitQueue.maximumLength else { return drops.count(.tooBig) }
            let place = transmit.reserve(length, route: entry.route, trafficClass: trafficClass)
            let payload = segmenter.take() - extra
            if extra > 0 { encapsulation.write(to: payload, carrying: carried, count: inner, trafficClass: trafficClass) }
            if let reason = entry.association.seal(
                place, from: payload, payload: extra &+ inner, nextHeader: nextHeader)
            {
                transmit.cancelLast(length)
                drops.count(reason)
                if reason == .lifetimeExpired { tellHardLimit(entry) }
                return
            }
            entry.innerBytes &+= UInt64(truncatingIfNeeded: inner)
            tunnel.sentPackets &+= 1
            tunnel.sentBytes &+= UInt64(truncatingIfNeeded: inner)
        }
        entry.lastUsed = now
        if !entry.isSoftLimitTold, entry.association.isPastSoftLimit {
            let association = entry.association.securityAssociation
            entry.isSoftLimitTold = events.append(
                .softLimit(peer: association.peer, spi: association.spi, direction: .outbound))
        }
    }

    private func tellHardLimit(_ entry: OutboundEntry) {
        guard !entry.isHardLimitTold else { return }
        let association = entry.association.securityAssociation
        entry.isHardLimitTold = events.append(
            .hardLimit(peer: association.peer, spi: association.spi, direction: .outbound))
    }

    /// Asks for an SA, at most once a second for each peer.
    private func acquire(_ name: SiteName) {
        let peer = peers[name] ?? PeerEntry()
        peers[name] = peer
        if let last = peer.lastAcquire, now.since(last) < .seconds(1) { return }
        if events.append(.acquire(peer: name)) { peer.lastAcquire = now }
    }
}

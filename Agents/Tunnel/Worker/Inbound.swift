import CWarrenSystem
import ESP
import WarrenModel

extension PacketEngine {
    /// What the socket gave in one slot: one datagram, or several of one size that the kernel joined (UDP_GRO).
    @inline(__always)
    func receive(_ bytes: UnsafeMutableRawPointer, _ origin: inout warren_origin) {
        let total = Int(origin.length)
        let segment = origin.segment > 0 ? Int(origin.segment) : total
        var offset = 0
        while offset < total {
            let count = min(segment, total &- offset)
            receiveDatagram(bytes + offset, count: count, &origin)
            offset &+= segment
        }
    }

    /// ESP in no UDP: IPv4 packets come with their header (raw(7)), whole.
    @inline(__always)
    func receivePlain(_ bytes: UnsafeMutableRawPointer, _ origin: inout warren_origin) {
        var packet = bytes, count = Int(origin.length)
        origin.remote_port = 4500
        if !origin.isIPv6 {
            guard let header = IPHeader(bytes, count: count), !header.isIPv6 else { return drops.count(.truncated) }
            packet += header.headerLength
            count = header.totalLength &- header.headerLength
        }
        guard count >= 4 else { return drops.count(.truncated) }
        let spi = packet.network(at: 0, as: UInt32.self)
        guard let found = inbound.unretained(spi) ?? lookAgain(spi) else { return noteStray(SPI(rawValue: spi), origin) }
        found._withUnsafeGuaranteedRef {
            // Where there is no port, none has moved.
            origin.remote_port = $0.remote.port
            open(packet, count: count, by: $0, origin)
        }
    }

    /// ESP, IKE behind a non-ESP marker, or a keepalive (RFC 3948, 2).
    @inline(__always)
    private func receiveDatagram(_ bytes: UnsafeMutableRawPointer, count: Int, _ origin: inout warren_origin) {
        guard count >= 4 else {
            if count == 1, bytes.load(as: UInt8.self) == 0xff { return }
            return drops.count(.truncated)
        }
        let spi = bytes.network(at: 0, as: UInt32.self)
        guard spi != 0 else { return receiveIKE(bytes, count: count, origin) }
        guard let found = inbound.unretained(spi) ?? lookAgain(spi) else { return noteStray(SPI(rawValue: spi), origin) }
        found._withUnsafeGuaranteedRef { open(bytes, count: count, by: $0, origin) }
    }

    @inline(__always)
    private func open(_ bytes: UnsafeMutableRawPointer, count: Int, by entry: InboundEntry, _ origin: warren_origin) {
        let before = entry.association.sequenceNumber
        switch entry.association.open(bytes, count: count) {
        case .dropped(let reason):
            drops.count(reason)
            if reason == .lifetimeExpired { tellHardLimit(entry) }
        case .dummy(let count):
            let message = ProbeMessage(bytes + entry.association.layout.payloadOffset, count: count)
            if let reason = take(message, by: entry) { drops.count(reason) }
        case .payload(let count, let nextHeader):
            noteAuthentic(entry, isNewest: entry.association.sequenceNumber > before, origin)
            let reason = deliver(
                bytes + entry.association.layout.payloadOffset, count: count, nextHeader: nextHeader, entry, origin)
            if let reason { drops.count(reason) }
        }
    }

    /// The SA may have been installed after this batch was begun: the peer learnt of it as soon as the command was queued.
    private func lookAgain(_ spi: UInt32) -> Unmanaged<InboundEntry>? {
        guard commands.isPending else { return nil }
        obeyCommands()
        return inbound.unretained(spi)
    }

    private func noteStray(_ spi: SPI, _ origin: warren_origin) {
        drops.count(.unknownSPI)
        guard strayLimit.mayTell(of: origin.remoteAddress, now: now) else { return }
        events.append(
            .strayPacket(
                spi: spi, local: Endpoint(address: origin.localAddress, port: 4500),
                remote: Endpoint(address: origin.remoteAddress, port: origin.remote_port)))
    }

    private func receiveIKE(_ bytes: UnsafeMutableRawPointer, count: Int, _ origin: warren_origin) {
        let message = UnsafeRawBufferPointer(start: bytes + 4, count: count &- 4)
        let accepted = events.append(
            .ikeDatagram(
                local: Endpoint(address: origin.localAddress, port: 4500),
                remote: Endpoint(address: origin.remoteAddress, port: origin.remote_port), bytes: Array(message)),
            isStrangers: !peerAddresses.contains(origin.remoteAddress))
        if !accepted { drops.count(.controlQueueFull) }
    }

    /// Book-keeping of an authenticated packet.
    @inline(__always)
    private func noteAuthentic(_ entry: InboundEntry, isNewest: Bool, _ origin: warren_origin) {
        if entry.lastUsed == nil || entry.association.isPastSoftLimit || origin.remote_port != entry.remote.port
            || origin.remoteAddress != entry.remote.address
        {
            noteUnusual(entry, isNewest: isNewest, origin)
        }
        entry.lastUsed = now
    }

    private func noteUnusual(_ entry: InboundEntry, isNewest: Bool, _ origin: warren_origin) {
        let association = entry.association.securityAssociation
        tellFirst(entry)
        let remote = Endpoint(address: origin.remoteAddress, port: origin.remote_port)
        // Only the newest packet speaks of where the peer is now: an old one may have been held back (RFC 7296, 2.23).
        if association.isFromAnyPort, remote.address == entry.remote.address {
            entry.remote = remote
        } else if isNewest, remote != entry.remote,
            events.append(.remoteMoved(peer: association.peer, spi: association.spi, remote: remote))
        {
            entry.remote = remote
        }
        if !entry.isSoftLimitTold, entry.association.isPastSoftLimit {
            entry.isSoftLimitTold = events.append(
                .softLimit(peer: association.peer, spi: association.spi, direction: .inbound))
        }
    }

    /// Once for each SA.
    func tellFirst(_ entry: InboundEntry) {
        guard !entry.isFirstTold else { return }
        let association = entry.association.securityAssociation
        entry.isFirstTold = events.append(.firstInbound(peer: association.peer, spi: association.spi))
    }

    private func tellHardLimit(_ entry: InboundEntry) {
        guard !entry.isHardLimitTold else { return }
        let association = entry.association.securityAssociation
        entry.isHardLimitTold = events.append(
            .hardLimit(peer: association.peer, spi: association.spi, direction: .inbound))
    }

    /// Takes the encapsulating header off, checks what came out of which SA (RFC 4301, 5.2), and hands the packet within to
    /// its tunnel. Returns why it was dropped.
    @inline(__always)
    private func deliver(
        _ payload: UnsafeMutableRawPointer, count: Int, nextHeader: UInt8, _ entry: InboundEntry, _ origin: warren_origin
    ) -> DropReason? {
        guard nextHeader == 4 || nextHeader == 41 else { return .unexpectedProtocol }
        var inner = payload, innerCount = count, carried = nextHeader, congestion = origin.traffic_class
        if entry.isTunnelMode {
            guard let outer = IPHeader(payload, count: count), outer.encapsulationProtocol == nextHeader else {
                return .malformedInbound
            }
            carried = outer.nextProtocol
            if let reason = refusal(
                entry,
                .init(
                    isIPv6: outer.isIPv6, source: outer.source(payload), destination: outer.destination(payload),
                    ipProtocol: carried))
            {
                return reason
            }
            guard carried == 4 || carried == 41 else { return .unexpectedProtocol }
            guard let merged = CongestionNotification.merge(outer: congestion, inner: outer.trafficClass) else {
                return .congestion
            }
            congestion = merged
            if outer.isFragment { return deliverFragment(payload, outer, congestion: congestion, entry) }
            inner = payload + outer.headerLength
            innerCount = outer.totalLength &- outer.headerLength
        } else if let reason = refusal(
            entry,
            .init(
                isIPv6: origin.isIPv6, source: origin.remoteAddress.bits,
                destination: (entry.destination ?? origin.localAddress).bits, ipProtocol: carried))
        {
            return reason
        }
        return hand(inner, count: innerCount, carried: carried, congestion: congestion, entry)
    }

    /// Hands the packet of one encapsulating packet to its tunnel. Returns why it was dropped.
    @inline(__always)
    private func hand(
        _ inner: UnsafeMutableRawPointer, count: Int, carried: UInt8, congestion: UInt8, _ entry: InboundEntry
    ) -> DropReason? {
        guard let header = IPHeader(inner, count: count), header.encapsulationProtocol == carried else {
            return .malformedInbound
        }
        let field = header.trafficClass & CongestionNotification.mask
        guard let merged = CongestionNotification.merge(outer: congestion, inner: field) else { return .congestion }
        if merged != field { CongestionNotification.write(merged, to: inner, isIPv6: header.isIPv6) }
        guard let tunnel = entry.tunnel else { return .noTunnel }
        entry.innerBytes &+= UInt64(truncatingIfNeeded: header.totalLength)
        tunnel._withUnsafeGuaranteedRef { coalescer.add(inner, header: header, sink: $0.sink) }
        return nil
    }

    /// A fragment of an encapsulating packet, which its SA may carry: some kernels cut before they protect.
    @inline(never)
    private func deliverFragment(
        _ payload: UnsafeMutableRawPointer, _ outer: IPHeader, congestion: UInt8, _ entry: InboundEntry
    ) -> DropReason? {
        // Of IPv6, fragments are told by a header that no selector names.
        guard !outer.isIPv6 else { return .fragment }
        let fields = payload.network(at: 6, as: UInt16.self)
        let outcome = reassembly.add(
            payload + outer.headerLength, count: outer.totalLength &- outer.headerLength, offset: Int(fields & 0x1fff) &* 8,
            isLast: fields & 0x2000 == 0, congestion: congestion,
            key: .init(
                spi: entry.association.securityAssociation.spi.rawValue,
                identification: payload.network(at: 4, as: UInt16.self), ipProtocol: outer.nextProtocol), now: now)
        switch outcome {
        case .waiting: return nil
        case .refused: return .fragment
        case .complete(let bytes, let count, let congestion):
            let reason = hand(bytes, count: count, carried: outer.nextProtocol, congestion: congestion, entry)
            // The bytes are gone with the next fragment.
            coalescer.flush()
            return reason
        }
    }

    /// The SA's selectors and the inbound policy; asks again only when the packet differs from the one before.
    @inline(__always)
    private func refusal(_ entry: InboundEntry, _ packet: InboundEntry.Allowed) -> DropReason? {
        if entry.allowed == packet { return nil }
        func address(_ bits: UInt128) -> IPAddress {
            packet.isIPv6 ? IPAddress(v6: bits) : IPAddress(v4: UInt32(truncatingIfNeeded: bits))
        }
        let reason = policies.refusal(
            source: address(packet.source), destination: address(packet.destination),
            ipProtocol: IPProtocol(rawValue: packet.ipProtocol),
            securityAssociation: entry.association.securityAssociation)
        if reason == nil { entry.allowed = packet }
        return reason
    }
}

import CWarrenSystem
import ESP
import Glibc
import WarrenModel

extension PacketEngine {
    /// Carries out what waits in the command queue. Packets on their way are sent and delivered first.
    func obeyCommands() {
        transmit.flush()
        coalescer.flush()
        var replies: [SnapshotReply] = []
        for command in commands.take() {
            switch command {
            case .attach(let tunnel, let descriptor, let takesDatagrams, let isSource):
                attach(tunnel, descriptor, takesDatagrams, isSource)
            case .detach(let interface): detach(interface)
            case .addPolicy(let policy):
                policies.add(policy)
                stale.note(policy)
            case .removePolicy(let policy):
                policies.remove(policy)
                stale.note(policy)
            case .addInbound(let association, let limits): addInbound(association, limits)
            case .addOutbound(let association, let limits): addOutbound(association, limits)
            case .remove(let peer, let spi, let direction): remove(peer, spi, direction)
            case .removeAll(let peer): removeAll(peer)
            case .setModes(let peer, let modes):
                policies.setModes(modes, peer: peer)
                stale.peers.insert(peer)
            case .redirect(let peer, let remote): redirect(peer, remote)
            case .snapshot(let reply): replies.append(reply)
            case .stop: requestStop()
            }
        }
        decide()
        let snapshot = replies.isEmpty ? nil : snapshot()
        for reply in replies { reply.fulfil(snapshot ?? .init()) }
    }

    private func attach(_ settings: GIFTunnel, _ descriptor: Int32, _ takesDatagrams: Bool, _ isSource: Bool) {
        if descriptor < 0 {
            guard let tunnel = tunnels[settings.interface] else { return }
            stale.peers.formUnion([tunnel.settings.peer, settings.peer])
            tunnel.settings = settings
            return
        }
        detach(settings.interface)
        let tunnel = TunnelEntry(
            settings, sink: .init(descriptor: descriptor, takesDatagrams: takesDatagrams), isSource: isSource)
        do {
            if isSource { try poll(tunnel) }
            tunnels[settings.interface] = tunnel
            stale.peers.insert(settings.peer)
        } catch {
            close(descriptor)
            if queue == 0 { events.append(.tunnelLost(interface: settings.interface)) }
        }
    }

    /// The kernel spreads the flows over the queues that can protect them and whose packets arrive. The first always gets what no
    /// other does.
    func enable(_ tunnel: TunnelEntry) {
        guard queue > 0, tunnel.isSource, tunnel.isEnabled != tunnel.probe.isOpen else { return }
        // What is no queue of a device has no such switch.
        warren_tun_queue_enable(tunnel.sink.descriptor, tunnel.probe.isOpen ? 1 : 0)
        tunnel.isEnabled = tunnel.probe.isOpen
    }

    func detach(_ interface: String) {
        guard let tunnel = tunnels.removeValue(forKey: interface) else { return }
        unpoll(tunnel)
        stale.peers.insert(tunnel.settings.peer)
        decide()
    }

    private func addInbound(_ association: SecurityAssociation, _ limits: SALimits) {
        // The same again would forget what was received, and let it be replayed.
        if inbound[association.spi.rawValue]?.association.securityAssociation.keyingMaterial == association.keyingMaterial {
            return
        }
        guard spentKeys.admit(association), let entry = try? InboundEntry(association, limits: limits, library: library)
        else { return }
        inbound.insert(entry, spi: association.spi.rawValue)
        stale.peers.insert(association.peer)
    }

    private func addOutbound(_ association: SecurityAssociation, _ limits: SALimits) {
        let peer = peers[association.peer] ?? PeerEntry()
        peers[association.peer] = peer
        guard
            !peer.outbound.contains(where: { $0.association.securityAssociation.keyingMaterial == association.keyingMaterial }),
            spentKeys.admit(association),
            let entry = try? OutboundEntry(
                association, limits: limits, path: path(of: peer, to: association.remote.address), library: library)
        else { return }
        peer.outbound.append(entry)
        stale.peers.insert(association.peer)
    }

    private func remove(_ peer: SiteName, _ spi: SPI, _ direction: SecurityPolicy.Direction) {
        stale.peers.insert(peer)
        switch direction {
        case .inbound:
            if inbound[spi.rawValue]?.association.securityAssociation.peer == peer { inbound.remove(spi: spi.rawValue) }
        case .outbound:
            peers[peer]?.outbound.removeAll { $0.association.securityAssociation.spi == spi }
        }
    }

    private func removeAll(_ peer: SiteName) {
        peers[peer] = nil
        stale.peers.insert(peer)
        policies.setModes(nil, peer: peer)
        var spis: [UInt32] = []
        inbound.forEach { entry in
            let association = entry.association.securityAssociation
            if association.peer == peer { spis.append(association.spi.rawValue) }
        }
        for spi in spis { inbound.remove(spi: spi) }
    }

    private func redirect(_ peer: SiteName, _ remote: Endpoint) {
        for entry in peers[peer]?.outbound ?? [] {
            let association = entry.association.securityAssociation
            guard association.remote.address == remote.address, association.udpEncapsulation else { continue }
            entry.route.pointee = SocketRoute(local: association.source, remote: remote).raw
        }
    }

    /// Looks policies and SAs up once for all packets to come: a tunnel's selectors never change from packet to packet. Only
    /// what a change concerns is looked up again, so that one of a thousand links costs what one of two does.
    func decide() {
        guard !stale.isEmpty else { return }
        let changed = stale
        stale = Stale()
        var byPeer: [SiteName: TunnelEntry] = [:]
        peerAddresses.removeAll(keepingCapacity: true)
        for tunnel in tunnels.values {
            peerAddresses.insert(tunnel.settings.outer.remote)
            let peer = tunnel.settings.peer
            guard changed.concerns(peer, addresses: addresses(of: tunnel)) else { continue }
            byPeer[peer] = tunnel
            tunnel.ipencap = decision(tunnel, .ipencap)
            tunnel.ipv6 = decision(tunnel, .ipv6)
            followCarrier(tunnel)
            enable(tunnel)
        }
        inbound.forEach { entry in
            let association = entry.association.securityAssociation
            peerAddresses.insert(association.remote.address)
            if changed.peers.contains(association.peer) {
                entry.tunnel = byPeer[association.peer].map { .passUnretained($0) }
            }
            if changed.hasPolicies || changed.peers.contains(association.peer) { entry.allowed = nil }
        }
    }

    /// The pairs of addresses between which a tunnel's packets may be encapsulated.
    private func addresses(of tunnel: TunnelEntry) -> [AddressPair] {
        let associations = peers[tunnel.settings.peer]?.outbound ?? []
        return [tunnel.settings.outer] + associations.map { AddressPair($0.association.securityAssociation) }
    }

    /// What becomes of a tunnel's packets of this protocol.
    private func decision(_ tunnel: TunnelEntry, _ ipProtocol: IPProtocol) -> Decision {
        let peer = tunnel.settings.peer, entries = peers[peer]?.outbound ?? []
        if let entry = policies.carrier(among: entries, of: ipProtocol, \.association.securityAssociation) {
            return .protect(.passUnretained(entry))
        }
        let outer = tunnel.settings.outer
        let policy = policies.policy(.outbound, source: outer.local, destination: outer.remote, ipProtocol: ipProtocol)
        return .drop(policy?.peer == peer ? .noAssociation : .noOutboundPolicy)
    }

    func snapshot() -> PacketWorker.Snapshot {
        var result = PacketWorker.Snapshot(policies: policies.policies, drops: drops.snapshot)
        for tunnel in tunnels.values.sorted(by: { $0.settings.interface < $1.settings.interface }) {
            result.tunnels.append(
                TunnelReport(
                    tunnel: tunnel.settings, isUp: !(peers[tunnel.settings.peer]?.outbound ?? []).isEmpty,
                    receivedPackets: tunnel.sink.packets, receivedBytes: tunnel.sink.bytes, sentPackets: tunnel.sentPackets,
                    sentBytes: tunnel.sentBytes))
        }
        inbound.forEach { entry in
            let association = entry.association
            result.associations.append(
                .init(
                    peer: association.securityAssociation.peer, direction: .inbound, spi: association.securityAssociation.spi,
                    packets: association.packets, bytes: entry.innerBytes, lastUsed: entry.lastUsed,
                    sequenceNumber: association.sequenceNumber))
        }
        for entry in peers.values.flatMap(\.outbound) {
            let association = entry.association
            result.associations.append(
                .init(
                    peer: association.securityAssociation.peer, direction: .outbound, spi: association.securityAssociation.spi,
                    packets: association.packets, bytes: entry.innerBytes, lastUsed: entry.lastUsed,
                    sequenceNumber: association.sequenceNumber))
        }
        return result
    }
}

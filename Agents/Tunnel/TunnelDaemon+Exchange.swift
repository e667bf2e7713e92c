import ESP
import IKEv2
import Logging
import WarrenModel

/// What passes between the IKE engine and the packet path.
extension TunnelDaemon {
    /// Does what the engine wants, in its order.
    func performOutputs() {
        for output in engine.takeOutputs() {
            switch output {
            case .send(let datagram): send(datagram)
            case .sendKeepalive(let local, let remote): try? worker.sendKeepalive(local: local, remote: remote)
            case .addInbound(let association, let lifetime):
                worker.addInbound(association, lifetime: .init(lifetime))
                associations[AssociationKey(association)] = AssociationRecord(association, lifetime, now: .now)
            case .addOutbound(let association, let lifetime):
                worker.addOutbound(association, lifetime: .init(lifetime))
                associations[AssociationKey(association)] = AssociationRecord(association, lifetime, now: .now)
            case .remove(let spi, let direction, let peer):
                worker.remove(peer: peer, spi: spi, direction: direction)
                let key = AssociationKey(peer: peer, direction: direction, spi: spi)
                associations[key] = nil
                packetsSeen[key] = nil
                if let accepted = modes[peer], accepted.count > 1 { renewModes(of: peer) }
            case .redirect(let peer, let remote): worker.redirect(peer: peer, to: remote)
            case .event(let event): log(event)
            }
        }
    }

    func handleWorkerEvents() {
        for event in worker.takeEvents() {
            switch event {
            case .ikeDatagram(let local, let remote, let bytes):
                receive(IKEDatagram(local: local, remote: remote, bytes: bytes))
            case .acquire(let peer): engine.outboundNeeded(peer: peer, now: .now, random: &random)
            case .softLimit(let peer, let spi, _), .hardLimit(let peer, let spi, _):
                engine.softLimitReached(spi: spi, peer: peer, now: .now, random: &random)
            case .firstInbound(let peer, let spi):
                engine.firstPacketReceived(inbound: spi, peer: peer, now: .now)
                engine.protectedTrafficSeen(peer: peer, now: .now)
            case .strayPacket(let spi, let local, let remote):
                engine.unknownSPISeen(spi, local: local, remote: remote, now: .now, random: &random)
            case .remoteMoved(let peer, _, let remote): follow(peer, to: remote)
            case .pathLimited(let peer, let bytes):
                logger.info("the path takes less", metadata: ["peer": "\(peer)", "bytes": "\(bytes)"])
            case .tunnelLost(let interface): logger.warning("the device is gone", metadata: ["interface": "\(interface)"])
            }
            performOutputs()
        }
    }

    /// Tells the engine whose authentic packets have come since the last look.
    func noteProtectedTraffic() {
        var alive: Set<SiteName> = []
        for counters in worker.snapshot().associations where counters.direction == .inbound {
            let key = AssociationKey(counters)
            guard associations[key] != nil, counters.packets > packetsSeen[key, default: 0] else { continue }
            packetsSeen[key] = counters.packets
            alive.insert(counters.peer)
        }
        for peer in alive { engine.protectedTrafficSeen(peer: peer, now: .now) }
    }

    /// The modes that are configured, and those of SAs made when others were: these go when what replaces them carries.
    func renewModes(of site: SiteName) {
        guard let peer = peers[site] else { return }
        var accepted = Set([peer.parameters.mode] + peer.alternatives.map(\.parameters.mode))
        if let old = modes[site], !old.isSubset(of: accepted) {
            for (key, record) in associations where key.peer == site { accepted.insert(record.mode) }
        }
        guard modes[site] != accepted else { return }
        modes[site] = accepted
        worker.setModes(accepted, peer: site)
    }

    /// A NAT before a peer may change its port. Its addresses are what the plan says, so packets from elsewhere are answered
    /// where the plan says all the same.
    private func follow(_ peer: SiteName, to remote: Endpoint) {
        let outers = peers[peer].map { [$0.outer] + $0.alternatives.map(\.outer) } ?? []
        guard outers.contains(where: { $0.remote == remote.address }) else {
            return logger.warning("packets come from elsewhere", metadata: ["peer": "\(peer)", "remote": "\(remote)"])
        }
        worker.redirect(peer: peer, to: remote)
        engine.peerMoved(peer, to: remote)
        logger.info("the port has changed", metadata: ["peer": "\(peer)", "remote": "\(remote)"])
    }

    func receive(_ datagram: IKEDatagram) {
        contacts.received(datagram, now: .now)
        engine.receive(datagram, now: .now, random: &random)
    }

    private func send(_ datagram: IKEDatagram) {
        var fault: String?
        if datagram.local.port == DaemonSockets.encapsulationPort {
            do { try worker.sendIKE(datagram.bytes, local: datagram.local, remote: datagram.remote) } catch {
                fault = "\(error)"
            }
        } else {
            fault = sockets.sendIKE(datagram)
        }
        contacts.sent(datagram, fault: fault, now: .now)
        guard let fault else { return }
        logger.debug("an IKE message was not sent", metadata: ["remote": "\(datagram.remote)", "reason": "\(fault)"])
    }

    private func log(_ event: IKEEvent) {
        let level: Logger.Level =
            switch event.kind {
            case .failed, .peerDead: .warning
            case .refused, .notice: .debug
            default: .info
            }
        let peer = event.peer?.description ?? "-"
        logger.log(level: level, "\(event.text)", metadata: ["peer": "\(peer)", "ike": "\(event.kind.rawValue)"])
    }
}

extension PacketWorker.Lifetime {
    init(_ lifetime: SALifetime) { self.init(softBytes: lifetime.softBytes, hardBytes: lifetime.hardBytes) }
}

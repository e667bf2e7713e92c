import ESP
import IKEv2
import Logging
import TunnelCore
import WarrenModel

/// What passes between the IKE engine and the packet path.
extension TunnelDaemon {
    /// Does what the state wants, in its order.
    func performOutputs() {
        for output in state.takeOutputs() {
            switch output {
            case .ike(let output): perform(output)
            case .setModes(let modes, let peer): worker.setModes(modes, peer: peer)
            case .removeAll(let peer): worker.removeAll(peer: peer)
            }
        }
    }

    private func perform(_ output: IKEOutput) {
        switch output {
        case .send(let datagram): send(datagram)
        case .sendKeepalive(let local, let remote): try? worker.sendKeepalive(source: source(for: local), remote: remote)
        case .addInbound(let association, let lifetime): worker.addInbound(association, limits: lifetime.limits)
        case .addOutbound(let association, let lifetime): worker.addOutbound(association, limits: lifetime.limits)
        case .remove(let spi, let direction, let peer): worker.remove(peer: peer, spi: spi, direction: direction)
        case .redirect(let peer, let remote): worker.redirect(peer: peer, to: remote)
        case .event(let event): log(event)
        }
    }

    func handleWorkerEvents() {
        for event in worker.takeEvents() {
            switch event {
            case .ikeDatagram(let local, let remote, let bytes):
                state.receive(IKEDatagram(local: local, remote: remote, bytes: bytes), now: .now, random: &random)
            case .acquire(let peer): state.outboundNeeded(peer: peer, now: .now, random: &random)
            case .softLimit(let peer, let spi, _), .hardLimit(let peer, let spi, _):
                state.limitReached(spi: spi, peer: peer, now: .now, random: &random)
            case .firstInbound(let peer, let spi): state.firstPacketReceived(inbound: spi, peer: peer, now: .now)
            case .strayPacket(let spi, let local, let remote):
                state.strayPacketSeen(spi, local: local, remote: remote, now: .now, random: &random)
            case .remoteMoved(let peer, _, let remote):
                let isFollowed = state.remoteMoved(peer, to: remote, now: .now)
                logger.log(
                    level: isFollowed ? .info : .warning, isFollowed ? "the port has changed" : "packets come from elsewhere",
                    metadata: ["peer": "\(peer)", "remote": "\(remote)"])
            case .pathLimited(let peer, let bytes):
                logger.info("the path takes less", metadata: ["peer": "\(peer)", "bytes": "\(bytes)"])
            case .queuePath(let peer, let queue, let isOpen):
                logger.log(
                    level: isOpen ? .info : .warning,
                    isOpen
                        ? "a queue's packets arrive: it carries flows"
                        : "a queue's packets do not arrive: does a firewall stop UDP to port 4500 from other ports? The first queue carries its flows",
                    metadata: ["peer": "\(peer)", "queue": "\(queue)"])
            case .tunnelLost(let interface): logger.warning("the device is gone", metadata: ["interface": "\(interface)"])
            }
            performOutputs()
        }
    }

    private func send(_ datagram: IKEDatagram) {
        var fault: String?
        let source = source(for: datagram.local)
        if datagram.local.port == DaemonSockets.encapsulationPort {
            do { try worker.sendIKE(datagram.bytes, source: source, remote: datagram.remote) } catch {
                fault = "\(error)"
            }
        } else {
            fault = sockets.sendIKE(datagram, source: source)
        }
        state.sent(datagram, fault: fault, now: .now)
        guard let fault else { return }
        logger.debug("an IKE message was not sent", metadata: ["remote": "\(datagram.remote)", "reason": "\(fault)"])
    }

    /// What a datagram from there leaves from; nil: the kernel chooses.
    private func source(for local: Endpoint) -> IPAddress? {
        state.natAddresses.contains(local.address) ? nil : local.address
    }

    /// Looks which of the addresses that peers know this gateway by are its own; the others are taken to be those of a NAT before
    /// it. A peer that is about to be configured counts as well. Not more than once a second, unless an address is new.
    func lookForNAT(of peer: IKEPeer? = nil) {
        let new = Set(peer?.ways.map(\.outer.local) ?? [])
        guard !new.isSubset(of: publicAddresses) || MonotonicTime.now.since(addressesSeenAt) >= .seconds(1) else { return }
        publicAddresses = state.publicAddresses.union(new)
        addressesSeenAt = .now
        let natAddresses = publicAddresses.filter { $0.isOwn.map { !$0 } ?? state.natAddresses.contains($0) }
        guard natAddresses != state.natAddresses else { return }
        for address in natAddresses.subtracting(state.natAddresses).sorted() {
            logger.info(
                "behind a NAT: the public address is none of this gateway's own", metadata: ["address": "\(address)"])
        }
        for address in state.natAddresses.intersection(publicAddresses).subtracting(natAddresses).sorted() {
            logger.info("not behind a NAT any more", metadata: ["address": "\(address)"])
        }
        state.setNATAddresses(natAddresses, now: .now, random: &random)
        performOutputs()
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

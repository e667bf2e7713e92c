import IKEv2
import Logging
import TunnelControl
import WarrenFailpoints
import WarrenModel

#if canImport(Glibc)
    import Glibc
#endif

/// What the agent asks for. Each request may be repeated.
extension TunnelDaemon {
    func respond(to arrival: TunnelControlConnection.Arrival) -> TunnelControl.Response {
        Failpoint.tunnelRequested.pass()
        switch arrival.request {
        case .hello(let version):
            guard version == TunnelControl.version else {
                return .failure("this daemon speaks version \(TunnelControl.version)")
            }
            return .welcome(version: TunnelControl.version, processID: getpid())
        case .attachTunnel(let tunnel): return attach(tunnel, arrival.descriptor)
        case .detachTunnel(let interface):
            worker.detach(interface: interface)
            Failpoint.tunnelDetached.pass()
            logger.info("detached", metadata: ["interface": "\(interface)"])
        case .addPolicy(let policy):
            worker.addPolicy(policy)
            Failpoint.tunnelPolicyAdded.pass()
        case .removePolicy(let policy):
            worker.removePolicy(policy)
            Failpoint.tunnelPolicyRemoved.pass()
        case .setPeer(let peer, let transferred): return set(peer, transferred)
        case .removePeer(let site): remove(peer: site)
        case .observe: return .observation(observation())
        case .rekey(let site, let target):
            guard peers[site] != nil else { return .failure("no peer \(site)") }
            engine.rekey(peer: site, target == .child ? .child : .ike, now: .now, random: &random)
        case .shutdown: isEnding = true
        }
        performOutputs()
        return .done
    }

    private func attach(_ tunnel: GIFTunnel, _ descriptor: OwnedDescriptor?) -> TunnelControl.Response {
        Failpoint.tunnelAttachBefore.pass()
        do { try worker.attach(tunnel, descriptor: descriptor?.take() ?? -1) } catch {
            return .failure("attaching \(tunnel.interface): \(error)")
        }
        logger.info(
            "\(descriptor == nil ? "settings renewed" : "attached")",
            metadata: ["interface": "\(tunnel.interface)", "peer": "\(tunnel.peer)", "mtu": "\(tunnel.mtu)"])
        Failpoint.tunnelAttachAfter.pass()
        return .done
    }

    private func set(_ peer: IKEPeer, _ transferred: [TunnelControl.TransferredKey]) -> TunnelControl.Response {
        let keys = Dictionary(transferred.map { ($0.reference, $0.key) }, uniquingKeysWith: { first, _ in first })
        if let missing = peer.acceptedKeys.first(where: { keys[$0] == nil }) { return .failure("no key for \(missing)") }
        Failpoint.tunnelPeerBefore.pass()
        peers[peer.peer] = peer
        contacts.set(peer)
        // The packet path knows the modes before the first SA of one of them stands.
        renewModes(of: peer.peer)
        engine.setPeer(peer, keys: keys, now: .now, random: &random)
        performOutputs()
        Failpoint.tunnelPeerAfter.pass()
        return .done
    }

    private func remove(peer site: SiteName) {
        peers[site] = nil
        contacts.remove(site)
        modes[site] = nil
        engine.removePeer(site, now: .now, random: &random)
        performOutputs()
        worker.removeAll(peer: site)
        associations = associations.filter { $0.key.peer != site }
        packetsSeen = packetsSeen.filter { $0.key.peer != site }
        Failpoint.tunnelPeerRemoved.pass()
    }

    func observation() -> TunnelControl.Observation {
        let snapshot = worker.snapshot()
        let now = MonotonicTime.now
        var counters: [AssociationKey: PacketWorker.AssociationCounters] = [:]
        for counter in snapshot.associations { counters[AssociationKey(counter)] = counter }
        let reports = associations.map { key, record in
            record.report(key, packets: counters[key]?.packets ?? 0, bytes: counters[key]?.bytes ?? 0, now: now)
        }
        return TunnelControl.Observation(
            tunnels: snapshot.tunnels, policies: snapshot.policies,
            peers: peers.values.sorted { $0.peer < $1.peer },
            securityAssociations: reports.sorted {
                ($0.peer, $0.direction.rawValue, $0.spi) < ($1.peer, $1.direction.rawValue, $1.spi)
            },
            ike: engine.reports(now: now),
            drops: Dictionary(snapshot.drops.map { ("\($0.key)", $0.value) }, uniquingKeysWith: +),
            contacts: contacts.contacts(now: now))
    }
}

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
            return .welcome(version: TunnelControl.version, processID: getpid(), queues: sockets.packets.count)
        case .attachTunnel(let tunnel): return attach(tunnel, arrival.descriptors)
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
            guard state.rekey(site, target == .child ? .child : .ike, now: .now, random: &random) else {
                return .failure("no peer \(site)")
            }
        case .shutdown: isEnding = true
        }
        performOutputs()
        return .done
    }

    private func attach(_ tunnel: GIFTunnel, _ descriptors: [OwnedDescriptor]) -> TunnelControl.Response {
        Failpoint.tunnelAttachBefore.pass()
        do { try worker.attach(tunnel, descriptors: descriptors.map { $0.take() }) } catch {
            return .failure("attaching \(tunnel.interface): \(error)")
        }
        logger.info(
            "\(descriptors.isEmpty ? "settings renewed" : "attached")",
            metadata: [
                "interface": "\(tunnel.interface)", "peer": "\(tunnel.peer)", "mtu": "\(tunnel.mtu)",
                "queues": "\(descriptors.count)",
            ])
        Failpoint.tunnelAttachAfter.pass()
        return .done
    }

    private func set(_ peer: IKEPeer, _ transferred: [TunnelControl.TransferredKey]) -> TunnelControl.Response {
        let keys = Dictionary(transferred.map { ($0.reference, $0.key) }, uniquingKeysWith: { first, _ in first })
        for way in peer.ways where way.parameters.encapsulation == .esp {
            guard (way.outer.remote.family == .ipv4 ? sockets.esp4 : sockets.esp6) != nil else {
                return .failure("ESP to \(way.outer.remote) without UDP needs a raw socket, for which CAP_NET_RAW is missing")
            }
        }
        Failpoint.tunnelPeerBefore.pass()
        lookForNAT(of: peer)
        do { try state.set(peer, keys: keys, now: .now, random: &random) } catch { return .failure("\(error)") }
        performOutputs()
        Failpoint.tunnelPeerAfter.pass()
        return .done
    }

    private func remove(peer site: SiteName) {
        state.remove(peer: site, now: .now, random: &random)
        performOutputs()
        Failpoint.tunnelPeerRemoved.pass()
    }

    func observation() -> TunnelControl.Observation {
        let snapshot = worker.snapshot()
        let now = MonotonicTime.now
        return TunnelControl.Observation(
            tunnels: snapshot.tunnels, policies: snapshot.policies,
            peers: state.peers,
            securityAssociations: state.associationReports(snapshot.associations, now: now),
            ike: state.ikeReports(now: now),
            drops: Dictionary(snapshot.drops.map { ("\($0.key)", $0.value) }, uniquingKeysWith: +),
            contacts: state.contacts(now: now))
    }
}

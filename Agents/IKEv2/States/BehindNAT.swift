import WarrenModel

/// A NAT before this gateway: its public address is the NAT's, and none of its own.
///
/// The engine speaks of the public address all the same, in paths, identities and selectors: it takes the place of whatever address a
/// datagram came to, and the shell lets the kernel choose the one to send from. What is different: the peer is told of the NAT, and
/// perhaps it can't begin anything, so this end does as well.
extension IKEEngine {
    /// What stands was agreed on as if there were a NAT, or none: where that has changed, it is made anew, and so is what was just
    /// begun.
    mutating func note(natAddresses new: Set<IPAddress>, now: MonotonicTime, random: inout some RandomNumberGenerator) {
        let changed = natAddresses.symmetricDifference(new)
        natAddresses = new
        for (site, state) in peers.sorted(by: { $0.key < $1.key }) where changed.contains(state.peer.outer.local) {
            for (spi, session) in sessions.of(site) { if case .initiating = session { sessions[spi] = nil } }
            if activeSAs(of: site).isEmpty {
                makeContact(with: site, now: now, random: &random)
            } else {
                connect(site, now: now, random: &random)
            }
        }
    }

    func isBehindNAT(_ path: Path) -> Bool { natAddresses.contains(path.local.address) }

    /// Whether this end begins an IKE SA when there is none: the link's initiator, and whoever its peer may be unable to reach.
    func makesContact(_ state: PeerState) -> Bool { state.peer.initiator || isBehindNAT(state.path) }

    /// The datagram as if it had come to the public address: that of the IKE SA that it is for, if it is for one.
    func publicly(_ datagram: IKEDatagram, for session: Session? = nil) -> IKEDatagram {
        let known = session.map(\.path).flatMap { isBehindNAT($0) ? $0.local.address : nil }
        let address = known ?? publicAddress(for: datagram.local.address, remote: datagram.remote.address)
        guard address != datagram.local.address else { return datagram }
        return IKEDatagram(
            local: Endpoint(address: address, port: datagram.local.port), remote: datagram.remote, bytes: datagram.bytes)
    }

    /// What the peer at `remote` knows this gateway by, where the NAT makes `local` of it. Of several, the one that the link prefers.
    func publicAddress(for local: IPAddress, remote: IPAddress) -> IPAddress {
        guard !natAddresses.isEmpty, site(local: local, remote: remote) == nil else { return local }
        let known = natAddresses.sorted().filter { site(local: $0, remote: remote) != nil }
        func prefersIt(_ address: IPAddress) -> Bool {
            site(local: address, remote: remote).flatMap { peers[$0] }?.peer.outer.local == address
        }
        return known.first(where: prefersIt) ?? known.first ?? local
    }
}

import WarrenModel

/// What the engine knows of one configured peer.
struct PeerState: Sendable {
    let peer: IKEPeer
    /// The key that we prove and ask for.
    let preferredKey: PreSharedKey
    /// Every key that the peer may prove, the preferred one first.
    let acceptedKeys: [PreSharedKey]
    /// The IKE SA in use, by our SPI.
    var current: IKESPI?
    /// When the next attempt to make an IKE SA begins.
    var connectAt: MonotonicTime?
    /// This end has changed, and what stands is not yet as it wants: it asks for an IKE SA that is.
    var isPursuing = false
    /// Where the peer was reached until its IKE SA was forgotten.
    var lastPath: Path?
    var lastError: String?
    /// When an unauthenticated hint last made us do something.
    var lastHintAt: MonotonicTime?

    /// Nil when a key is missing.
    init?(_ peer: IKEPeer, keys: [PSKReference: PreSharedKey]) {
        guard let preferred = keys[peer.key] else { return nil }
        var accepted = [preferred]
        for reference in peer.acceptedKeys {
            guard let key = keys[reference] else { return nil }
            if !accepted.contains(key) { accepted.append(key) }
        }
        self.peer = peer
        preferredKey = preferred
        acceptedKeys = accepted
    }

    /// Which keys are proven and accepted, for a person whose two ends have different ones: `the shared key of epoch 3 or 4`.
    var keyText: String {
        let epochs = distinct(peer.acceptedKeys.map(\.epoch)).sorted().map(String.init)
        return "the shared key of epoch " + epochs.joined(separator: " or ")
    }

    var path: Path {
        Path(
            local: Endpoint(address: peer.outer.local, port: Path.ikePort),
            remote: Endpoint(address: peer.outer.remote, port: Path.ikePort))
    }
}

/// The ways in which the link may run: the preferred one, and what is taken from the peer as well.
extension PeerState {
    func ways(on path: Path) -> [IKEAlternative] { peer.ways.filter { $0.outer == path.addresses } }

    func ikeProposals(on path: Path) -> [IKEProposal] { distinct(ways(on: path).flatMap(\.parameters.ike.proposals)) }

    func childProposals(on path: Path, mode: IPsecMode) -> [ESPProposal] {
        distinct(ways(on: path).filter { $0.parameters.mode == mode }.flatMap(\.parameters.child.proposals))
    }

    /// As responder, we leave it to the initiator where any way does without UDP.
    func forcesUDP(on path: Path) -> Bool { ways(on: path).allSatisfy { $0.parameters.encapsulation.forcesUDP } }

    func selectors(on path: Path) -> [TrafficSelector] { distinct(ways(on: path).flatMap(\.selectors)) }

    /// The way that a child SA of this path runs, so that its successor runs the same; the preferred one if it is none.
    func way(of child: ChildSA, on path: Path) -> IKEAlternative {
        let fitting = ways(on: path).filter { way in
            way.parameters.mode == child.inbound.mode
                && way.parameters.child.proposals.contains { $0.encryption == child.inbound.encryption }
        }
        return fitting.first { Set($0.selectors) == Set(child.outbound.selectors) } ?? fitting.first ?? peer.preferred
    }

    /// What a successor of the IKE SA is offered.
    func ikeProposals(succeeding sa: IKESA) -> [IKEProposal] {
        let way = ways(on: sa.path).first { $0.parameters.ike.proposals.contains(sa.proposal) }
        return (way ?? peer.preferred).parameters.ike.proposals
    }

    /// Whether it and its children may be as they are.
    func accepts(_ sa: IKESA) -> Bool {
        let selectors = Set(selectors(on: sa.path))
        return acceptedKeys.contains(sa.key) && ikeProposals(on: sa.path).contains(sa.proposal)
            && ways(on: sa.path).contains { sa.nat.fits($0.parameters.encapsulation) }
            && sa.children.allSatisfy { child in
                guard child.standing == .active else { return true }
                return childProposals(on: sa.path, mode: child.inbound.mode).contains {
                    $0.encryption == child.inbound.encryption
                } && selectors.isSuperset(of: child.outbound.selectors)
            }
    }

    /// Whether it and its children may be as they are without any alternative: of the preferred way's proposals it may be
    /// any, for the peer chooses among them.
    func suffices(_ sa: IKESA) -> Bool {
        let way = peer.preferred, parameters = way.parameters
        return sa.path.addresses == way.outer && sa.key == preferredKey && parameters.ike.proposals.contains(sa.proposal)
            && sa.nat.fits(parameters.encapsulation)
            && sa.children.allSatisfy { child in
                guard child.standing == .active else { return true }
                return child.inbound.mode == parameters.mode && Set(child.outbound.selectors) == Set(way.selectors)
                    && parameters.child.proposals.contains { $0.encryption == child.inbound.encryption }
            }
    }

    /// Whether it and its children are what we would ask for first.
    func prefers(_ sa: IKESA) -> Bool {
        let parameters = peer.parameters
        return sa.path.addresses == peer.outer && sa.key == preferredKey && sa.proposal == parameters.ike.proposals.first
            && sa.nat.fits(parameters.encapsulation)
            && sa.children.allSatisfy { child in
                guard child.standing == .active else { return true }
                return child.inbound.mode == parameters.mode
                    && child.inbound.encryption == parameters.child.proposals.first?.encryption
                    && Set(child.outbound.selectors) == Set(peer.selectors)
            }
    }

    /// Whether both ask a peer for the same; lifetimes are each end's own.
    func asksLike(_ other: PeerState) -> Bool {
        func question(_ state: PeerState) -> IKEAlternative {
            var parameters = IPsecParameters(
                mode: state.peer.parameters.mode, encapsulation: state.peer.parameters.encapsulation)
            parameters.ike.proposals = state.peer.parameters.ike.proposals
            parameters.child.proposals = state.peer.parameters.child.proposals
            return IKEAlternative(
                outer: state.peer.outer, parameters: parameters, selectors: state.peer.selectors, key: state.peer.key)
        }
        let (own, others) = (question(self), question(other))
        return own.outer == others.outer && own.parameters == others.parameters && own.selectors == others.selectors
            && preferredKey == other.preferredKey && peer.initiator == other.peer.initiator
    }

    func lastsLike(_ other: PeerState) -> Bool {
        let (a, b) = (peer.parameters, other.peer.parameters)
        return a.ike.lifetimeSeconds == b.ike.lifetimeSeconds && a.child.lifetimeSeconds == b.child.lifetimeSeconds
            && a.child.lifetimeBytes == b.child.lifetimeBytes && a.child.lifetimePackets == b.child.lifetimePackets
    }

    private func distinct<Element: Hashable>(_ elements: [Element]) -> [Element] {
        var seen: Set<Element> = []
        return elements.filter { seen.insert($0).inserted }
    }
}

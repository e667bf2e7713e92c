import WarrenModel

/// Two plans of one gateway side by side, of which one is preferred.
struct PlanUnion {
    let old: GatewayPlan
    let new: GatewayPlan
    let isNewPreferred: Bool
    private var preferred: GatewayPlan { isNewPreferred ? new : old }
    private var other: GatewayPlan { isNewPreferred ? old : new }

    init(old: GatewayPlan, new: GatewayPlan, isNewPreferred: Bool) {
        self.old = old
        self.new = new
        self.isNewPreferred = isNewPreferred
    }

    var plan: GatewayPlan {
        var plan = preferred
        plan.tunnels = tunnels
        plan.ike = peers(beside: plan.tunnels)
        if old.unreachable != new.unreachable {
            let isKept = Set(preferred.unreachable)
            plan.unreachable = both(\.unreachable, by: \.self).filter { isKept.contains($0) || isForeign($0) }
        }
        plan.policies = both(\.policies) { PolicyIdentity(direction: $0.direction, selector: $0.selector) }
        plan.routes = routes(through: plan.tunnels, protectedBy: plan.policies)
        plan.keys = keys(acceptedBy: plan.ike)
        plan.firewall = both(\.firewall, by: \.self)
        plan.translations = translations
        let linked = Set(plan.tunnels.map(\.peer))
        plan.awaiting = both(\.awaiting, by: \.peer).filter { !linked.contains($0.peer) }
        return plan
    }

    /// One tunnel to each peer, of each name and between each two addresses.
    private var tunnels: [GIFTunnel] {
        guard old.tunnels != new.tunnels else { return new.tunnels }
        let others = Dictionary(other.tunnels.map { ($0.peer, $0) }) { first, _ in first }
        let peers = Set(preferred.tunnels.map(\.peer))
        let interfaces = Set(preferred.tunnels.map(\.interface))
        let ends = Set(preferred.tunnels.map(\.outer))
        let translated = translations.map(\.network)
        return both(\.tunnels, by: \.peer).compactMap { tunnel in
            guard peers.contains(tunnel.peer) else {
                // Its end would have an address that is translated by now, or still is.
                if translated.contains(where: { $0.contains(tunnel.inner.local) }) { return nil }
                return interfaces.contains(tunnel.interface) || ends.contains(tunnel.outer) ? nil : tunnel
            }
            guard let mtu = others[tunnel.peer]?.mtu, mtu < tunnel.mtu else { return tunnel }
            return GIFTunnel(
                peer: tunnel.peer, interface: tunnel.interface, outer: tunnel.outer, inner: tunnel.inner, mtu: mtu,
                mode: tunnel.mode)
        }
    }

    /// The IKE peers, each with the other way among its alternatives. Where a tunnel gave way to that of another peer, so
    /// does the IKE peer: both would be at the same addresses.
    private func peers(beside tunnels: [GIFTunnel]) -> [IKEPeer] {
        guard old.ike != new.ike else { return new.ike }
        // Of the same peers, each takes the other's way.
        if old.ike.elementsEqual(new.ike, by: { $0.peer == $1.peer }) {
            return zip(preferred.ike, other.ike).map { $0 == $1 ? $0 : $0.taking($1.ways) }
        }
        let others = Dictionary(other.ike.map { ($0.peer, $0) }) { first, _ in first }
        let preferredPeers = Set(preferred.ike.map(\.peer))
        let ends = Set(preferred.ike.map(\.outer))
        let linked = Set(tunnels.map(\.peer))
        return both(\.ike, by: \.peer).compactMap { peer in
            guard preferredPeers.contains(peer.peer) else {
                return linked.contains(peer.peer) && !ends.contains(peer.outer) ? peer : nil
            }
            guard let other = others[peer.peer] else { return peer }
            return peer.taking(other.ways)
        }
    }

    /// A route that a peer's tunnel has in one plan leads into the tunnel that the peer has now, if policies protect its family
    /// there: else the destination stays unreachable until they do.
    private func routes(through tunnels: [GIFTunnel], protectedBy policies: [SecurityPolicy]) -> [Route] {
        // Equal routes are the preferred ones, all of them.
        let areEqual = old.routes == new.routes
        // They stay as they are where what they lead into does.
        if areEqual, old.tunnels == new.tunnels, old.policies == new.policies { return new.routes }
        let protections = Set(
            policies.filter { $0.direction == .outbound }.map { Protection(peer: $0.peer, selector: $0.selector) })
        let standing = Dictionary(
            tunnels.map { tunnel in
                let families = AddressFamily.allCases.filter {
                    protections.contains(Protection(peer: tunnel.peer, selector: tunnel.selector(of: $0)))
                }
                return (tunnel.peer, (tunnel: tunnel, families: families))
            }
        ) { first, _ in first }
        let preferredPeers = Self.peersByInterface(preferred), otherPeers = Self.peersByInterface(other)
        let preferredRoutes = areEqual ? [] : Set(preferred.routes)
        let preferredDestinations = areEqual ? [] : Set(preferred.routes.map(\.destination))
        var last: (interface: String, isPreferred: Bool, way: (tunnel: GIFTunnel, families: [AddressFamily])?)?
        return both(\.routes, by: \.destination).compactMap { route in
            let isPreferred = areEqual || preferredRoutes.contains(route)
            // A spoke has one way to all that is behind its hub.
            if last?.interface != route.interface || last?.isPreferred != isPreferred {
                let peer = isPreferred ? preferredPeers[route.interface] : otherPeers[route.interface]
                last = (route.interface, isPreferred, peer.flatMap { standing[$0] })
            }
            guard let (tunnel, families) = last?.way, families.contains(route.destination.family) else { return nil }
            if !isPreferred, !preferredDestinations.contains(route.destination), !isForeign(route.destination) { return nil }
            guard tunnel.interface != route.interface || (route.via != nil && route.via != tunnel.inner.remote) else {
                return route
            }
            let inner = tunnel.inner.remote
            return Route(
                destination: route.destination, via: inner.family == route.destination.family ? inner : nil,
                interface: tunnel.interface)
        }
    }

    private func keys(acceptedBy peers: [IKEPeer]) -> [GatewayPlan.Key] {
        if old.keys == new.keys, old.ike == new.ike { return new.keys }
        var places = NamePlaces(capacity: peers.count)
        for peer in peers { places.append(peer.peer) }
        return both(\.keys, by: KeyIdentity.init).filter { key in
            places.place(of: key.peer).map { peers[$0].accepts(key.reference) } ?? false
        }
    }

    /// Of the other plan's translations, those that neither take a network that the preferred one shows otherwise nor an
    /// address that is something else in it.
    private var translations: [NetworkTranslation] {
        let taken = preferred.networks + preferred.translations.flatMap { [$0.network, $0.visible] }
        let isKept = Set(preferred.translations)
        return both(\.translations, by: \.network).filter { translation in
            isKept.contains(translation)
                || !taken.contains { $0.overlaps(translation.network) || $0.overlaps(translation.visible) }
        }
    }

    /// Whether a network that only the other plan speaks of lies outside the gateway's own networks.
    private func isForeign(_ network: IPPrefix) -> Bool {
        !preferred.networks.contains { $0.contains(network) }
    }

    private static func peersByInterface(_ plan: GatewayPlan) -> [String: SiteName] {
        Dictionary(plan.tunnels.map { ($0.interface, $0.peer) }) { first, _ in first }
    }

    /// The items of both plans, those of the preferred where both have the same key; in the order that both plans keep, so
    /// that nothing seems to change where one plan only has more than the other. A plan has no two of one key.
    private func both<Item: Equatable, Key: Hashable>(
        _ part: (GatewayPlan) -> [Item], by key: (Item) -> Key
    ) -> [Item] {
        both(part, by: key) { merge($0, $1, by: key, into: &$2) }
    }

    /// The same, at less cost where the keys never fall from one item to the next, as in the plans that are derived.
    private func both<Item: Equatable, Key: Hashable & Comparable>(
        _ part: (GatewayPlan) -> [Item], by key: (Item) -> Key
    ) -> [Item] {
        both(part, by: key) { old, new, union in
            if old.isAscending(by: key), new.isAscending(by: key) {
                mergeAscending(old, new, by: key, into: &union)
            } else {
                merge(old, new, by: key, into: &union)
            }
        }
    }

    private func both<Item: Equatable, Key: Equatable>(
        _ part: (GatewayPlan) -> [Item], by key: (Item) -> Key,
        merging: (ArraySlice<Item>, ArraySlice<Item>, inout [Item]) -> Void
    ) -> [Item] {
        let old = part(old), new = part(new)
        guard old != new else { return new }
        // Most changes are few, and leave what is before and behind them in its place.
        let common = min(old.count, new.count)
        var head = 0
        while head < common, key(old[head]) == key(new[head]) { head += 1 }
        var tail = 0
        while tail < common - head, key(old[old.count - 1 - tail]) == key(new[new.count - 1 - tail]) { tail += 1 }
        let preferred = isNewPreferred ? new : old
        guard head + tail < max(old.count, new.count) else { return preferred }
        var union = Array(preferred[..<head])
        union.reserveCapacity(old.count + new.count - head - tail)
        merging(old[head..<(old.count - tail)], new[head..<(new.count - tail)], &union)
        union += preferred[(preferred.count - tail)...]
        return union
    }

    private func mergeAscending<Item, Key: Comparable>(
        _ old: ArraySlice<Item>, _ new: ArraySlice<Item>, by key: (Item) -> Key, into union: inout [Item]
    ) {
        var emitted = new.startIndex, next = new.startIndex
        for item in old {
            let itemKey = key(item)
            while next < new.endIndex, key(new[next]) < itemKey { next += 1 }
            guard next < new.endIndex, key(new[next]) == itemKey else {
                union.append(item)
                continue
            }
            // What the new plan has before it comes before it.
            union += new[emitted..<next]
            union.append(isNewPreferred ? new[next] : item)
            next += 1
            emitted = next
        }
        union += new[emitted...]
    }

    private func merge<Item: Equatable, Key: Hashable>(
        _ old: ArraySlice<Item>, _ new: ArraySlice<Item>, by key: (Item) -> Key, into union: inout [Item]
    ) {
        let oldByKey = Dictionary(old.map { (key($0), $0) }) { first, _ in first }
        let newKeys = Set(new.map(key))
        var emitted: Set<Key> = []
        var rest = new
        func emitNew(_ item: Item) {
            guard emitted.insert(key(item)).inserted else { return }
            union.append(isNewPreferred ? item : oldByKey[key(item)] ?? item)
        }
        for item in old {
            let itemKey = key(item)
            guard newKeys.contains(itemKey) else {
                if emitted.insert(itemKey).inserted { union.append(item) }
                continue
            }
            while !emitted.contains(itemKey), let next = rest.popFirst() { emitNew(next) }
        }
        rest.forEach(emitNew)
    }
}

/// A policy is the same one, changed, as long as it speaks of the same packets.
private struct PolicyIdentity: Hashable {
    let direction: SecurityPolicy.Direction
    let selector: TrafficSelector
}

/// A reference names the peer, too.
private struct KeyIdentity: Hashable, Comparable {
    let reference: PSKReference

    init(_ key: GatewayPlan.Key) { reference = key.reference }

    static func < (a: Self, b: Self) -> Bool {
        a.reference.link == b.reference.link
            ? a.reference.epoch < b.reference.epoch : a.reference.link < b.reference.link
    }
}

extension ArraySlice {
    /// Whether each key is above the one before.
    fileprivate func isAscending<Key: Comparable>(by key: (Element) -> Key) -> Bool {
        indices.dropFirst().allSatisfy { key(self[$0 - 1]) < key(self[$0]) }
    }
}

/// That a policy of the peer protects these packets.
private struct Protection: Hashable {
    let peer: SiteName
    let selector: TrafficSelector
}

extension GIFTunnel {
    /// Of the packets between its ends that carry the family.
    fileprivate func selector(of family: AddressFamily) -> TrafficSelector {
        TrafficSelector(
            source: IPPrefix(host: outer.local), destination: IPPrefix(host: outer.remote),
            ipProtocol: family.encapsulationProtocol)
    }
}

extension IKEPeer {
    /// The peer, with these taken as well, each once.
    fileprivate func taking(_ others: [IKEAlternative]) -> IKEPeer {
        let preferred = preferred
        var alternatives = self.alternatives.filter { $0 != preferred }
        for other in others where other != preferred && !alternatives.contains(other) { alternatives.append(other) }
        return IKEPeer(
            peer: peer, outer: outer, initiator: initiator, parameters: parameters, selectors: selectors, key: key,
            alternatives: alternatives, keyFloor: keyFloor)
    }
}

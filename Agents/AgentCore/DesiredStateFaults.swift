import WarrenModel
import WarrenPlan

extension DesiredState {
    /// Why `site` must not run this; empty when it may. What comes over the wire is checked before anything is touched.
    public func faults(for site: SiteName) -> [String] {
        let plan = plan, keys = keys
        var faults: [String] = []
        if plan.site != site { faults.append("it is the plan of site \(plan.site), this gateway is \(site)") }
        if generation == .none { faults.append("it has no generation") }
        for peer in plan.ike {
            if peer.peer == plan.site { faults.append("the site is its own IKE peer") }
            if peer.key.link.peer(of: plan.site) != peer.peer {
                faults.append("IKE peer \(peer.peer) names the key of link \(peer.key.link)")
            } else if (keys[peer.key]?.secret.count ?? 0) == 0 {
                faults.append("the key of IKE peer \(peer.peer) is missing")
            }
        }
        let interfaces = InterfaceNames(plan.tunnels)
        if interfaces.haveRepeats {
            faults += repeats(plan.tunnels.map(\.interface)).map { "interface \($0) is named twice" }
        }
        faults += repeats(plan.ike.map(\.peer)).map { "IKE peer \($0) is named twice" }
        var known: String?
        for place in plan.routes.indices where plan.routes[place].interface != known {
            let route = plan.routes[place]
            if interfaces.contains(route.interface) {
                known = route.interface
            } else {
                faults.append("the route to \(route.destination) goes by \(route.interface), which is no tunnel of the plan")
            }
        }
        // A derived plan has the policies of each peer together, in the order of its tunnels.
        var rest = plan.policies[...]
        for tunnel in plan.tunnels {
            let own = rest.prefix { $0.peer == tunnel.peer }
            rest = rest.dropFirst(own.count)
            faults += self.faults(of: tunnel, own)
        }
        return faults + translationFaults
    }

    /// Each address of a translated network has one counterpart, and no other site's is taken for either.
    private var translationFaults: [String] {
        var faults: [String] = []
        for (position, translation) in plan.translations.enumerated() {
            let network = translation.network, visible = translation.visible
            if !plan.networks.contains(network) { faults.append("\(network) is translated, and is no network of the site") }
            if network.overlaps(visible) { faults.append("\(network) is translated to \(visible), which overlaps it") }
            faults += plan.translations[..<position].filter { $0.conflicts(with: translation) }.map {
                "the translations of \($0.network) to \($0.visible) and of \(network) to \(visible) overlap"
            }
            faults += plan.networks.filter { $0 != network && $0.overlaps(visible) }.map {
                "\(network) is translated to \(visible), which overlaps the site's own \($0)"
            }
            faults += plan.routes.map(\.destination).filter { $0.overlaps(network) || $0.overlaps(visible) }.map {
                "the route to \($0) leads another site's packets past the translation of \(network) to \(visible)"
            }
            faults += plan.tunnels.filter { network.contains($0.inner.local) }.map {
                "tunnel \($0.interface) has the real address \($0.inner.local) of the translated \(network)"
            }
        }
        return faults
    }

    /// A tunnel's name must be safe, its MTU sane, and both directions of what it sends must be protected: by the peer's own
    /// policies in any plan that was derived, and by whichever else.
    private func faults(of tunnel: GIFTunnel, _ own: ArraySlice<SecurityPolicy>) -> [String] {
        var faults: [String] = []
        let name = tunnel.interface.utf8
        if !(1...15).contains(name.count)
            || !name.allSatisfy({ (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0) })
        {
            faults.append("a tunnel to \(tunnel.peer) has an interface name that is not 1 to 15 letters and digits")
        }
        if !(576...65_535).contains(tunnel.mtu) { faults.append("tunnel \(tunnel.interface) has an MTU of \(tunnel.mtu)") }
        if tunnel.outer.local.family != tunnel.outer.remote.family || tunnel.inner.local.family != tunnel.inner.remote.family {
            faults.append("tunnel \(tunnel.interface) has ends of two families")
        }
        let number = tunnel.inner.local.family.encapsulationProtocol
        for direction in [SecurityPolicy.Direction.inbound, .outbound] {
            let (source, destination) =
                direction == .outbound
                ? (tunnel.outer.local, tunnel.outer.remote) : (tunnel.outer.remote, tunnel.outer.local)
            let protects = { (policy: SecurityPolicy) in
                policy.direction == direction && policy.selector.source.contains(source)
                    && policy.selector.destination.contains(destination)
                    && (policy.selector.ipProtocol == .any || policy.selector.ipProtocol == number)
            }
            if !own.contains(where: protects), !plan.policies.contains(where: protects) {
                faults.append("tunnel \(tunnel.interface) has no \(direction.rawValue) policy that protects it")
            }
        }
        return faults
    }
}

/// The names of tunnels' interfaces. Those of up to eight bytes, as all that are derived, are compared as numbers.
private struct InterfaceNames {
    private struct ShortName: QuickHashable {
        let bytes: UInt64

        func combine(into hash: inout QuickHash) { hash.combine(bytes) }
        func _rawHashValue(seed: Int) -> Int { quickHash(seed) }
    }

    private var short: Set<ShortName> = []
    private var long: Set<String> = []
    private(set) var haveRepeats = false

    init(_ tunnels: [GIFTunnel]) {
        short.reserveCapacity(tunnels.count)
        for place in tunnels.indices {
            let name = tunnels[place].interface
            let isNew = Self.number(name).map { short.insert($0).inserted } ?? long.insert(name).inserted
            if !isNew { haveRepeats = true }
        }
    }

    func contains(_ name: String) -> Bool {
        if let number = Self.number(name) { short.contains(number) } else { long.contains(name) }
    }

    private static func number(_ name: String) -> ShortName? {
        guard (1...8).contains(name.utf8.count) else { return nil }
        return ShortName(bytes: name.utf8.reduce(0) { $0 << 8 | UInt64($1) })
    }
}

private func repeats<Name: Hashable & Comparable>(_ names: [Name]) -> [Name] {
    if zip(names, names.dropFirst()).allSatisfy(<) || Set(names).count == names.count { return [] }
    return Dictionary(grouping: names) { $0 }.filter { $0.value.count > 1 }.keys.sorted()
}

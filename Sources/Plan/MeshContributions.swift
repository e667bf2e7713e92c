import WarrenInventory
import WarrenModel

extension MeshDerivation {
    /// The part of a gateway's plan that is there because of some of the other sites alone, in byte order: at the cost of those,
    /// whatever the size of the mesh. Of all other sites, it is the whole plan.
    func part(of site: SiteName, dueTo others: [SiteName]) -> PlanPart? {
        guard let position = positions[site] else { return nil }
        let node = nodes[position]
        var plan = node.emptyPlan(links: others.count, networks: others.count)
        let hub = links.transit(from: position)
        for name in others where name != site {
            guard let other = positions[name] else { continue }
            let peer = nodes[other]
            plan.unreachable += peer.networks
            if links.areLinked(position, other) {
                plan.addLink(link(from: position, to: other))
            } else if let hub, !links.isDrained(other) {
                plan.addRoutes(to: peer.networks, through: link(from: position, to: hub))
            }
        }
        return PlanPart(plan: plan, transit: hub.map { (nodes[$0].interface, nodes[$0].site.name) })
    }

    /// The whole plan of a gateway, as such a part.
    func whole(of site: SiteName) -> PlanPart? {
        self[site].map { PlanPart(plan: $0, transit: nil) }
    }

    /// The site has a tunnel.
    func hasTunnel(_ site: SiteName) -> Bool {
        guard let position = positions[site] else { return false }
        return nodes.indices.contains { other in
            links.areLinked(position, other) && nodes[position].outer(to: nodes[other]) != nil
        }
    }
}

/// A gateway's plan, or the part of it that some other sites are the reason for.
struct PlanPart {
    let plan: GatewayPlan
    /// The tunnel to the hub, which routes may lead into although it is no part of this.
    let transit: (interface: String, peer: SiteName)?
}

/// `topology-disconnected`: a site that is in no link, and not drained. A mesh of one site has nobody to link it with.
enum TopologyDisconnected {
    static func faults(in declaration: Declaration, links: MeshLinks) -> [Fault] {
        guard let topology = declaration.topology, declaration.sites.filter({ !$0.isDrained }).count > 1 else { return [] }
        return declaration.sites.indices.compactMap { index in
            let site = declaration.sites[index]
            guard !site.isDrained, links.peers(of: index).isEmpty else { return nil }
            return Fault(
                .topologyDisconnected, at: site.name.place,
                "\(site.name.value) has no link to any other site, and is not drained",
                remedy: remedy(topology) + ", or write 'drained: true'")
        }
    }

    private static func remedy(_ topology: Topology) -> String {
        switch topology {
        case .fullMesh: "drain fewer sites"
        case .hubAndSpoke: "name a hub that is not drained"
        case .groups: "put it into a group with another site"
        case .explicit: "name it with another site under 'links'"
        }
    }
}

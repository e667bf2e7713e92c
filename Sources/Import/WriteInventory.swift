import WarrenModel

extension Import {
    /// The inventory in YAML. Every value is one that was parsed; texts of the operator stand in remarks alone.
    static func write(_ mesh: ResolvedMesh, mesh name: String, leftOut: LeftOutList) -> String {
        var text = "# Written by `warren import`. The gateways of a link must change over together.\n"
        if !leftOut.items.isEmpty {
            text += "# Not carried over:\n"
            for item in leftOut.items.prefix(100) {
                text += "#   \(printable(item.file).dropFirst().dropLast()):\(item.line): \(item.what)\n"
            }
            if leftOut.items.count > 100 { text += "#   … and \(leftOut.items.count - 100) more\n" }
        }
        text += "version: 1\nmesh: \(name)\n"
        let common = mostCommon(mesh.links.sorted { $0.key < $1.key }.map(\.value)) ?? IPsecParameters()
        let platform = mostCommon(mesh.sites.map(\.platform)) ?? .embedded
        let exceptions = mesh.links.filter { $0.value != common }
        text += topology(of: mesh)
        let defaults =
            (platform == .embedded ? "" : "  platform: \(platform.rawValue)\n")
            + (ipsec(common, over: IPsecParameters()).map { "  ipsec: \($0)\n" } ?? "")
        if !defaults.isEmpty { text += "defaults:\n" + defaults }
        text += mesh.sites.isEmpty ? "sites: {}\n" : "sites:\n"
        for site in mesh.sites {
            let addresses = site.publicAddresses.map(scalar)
            let outer = addresses.count == 1 ? addresses[0] : "[\(addresses.joined(separator: ", "))]"
            let own = site.platform == platform ? "" : ", platform: \(site.platform.rawValue)"
            text += "  \(site.name):\n"
            text += "    gateway: {public: \(outer), private: \(scalar(site.privateAddress))\(own)}\n"
            text += "    networks: [\(site.networks.map(scalar).joined(separator: ", "))]\n"
        }
        let isExplicit = !mesh.isFullMesh && mesh.hubs.isEmpty
        let written = (isExplicit ? mesh.links : exceptions).sorted { $0.key < $1.key }
        if !written.isEmpty { text += "links:\n" }
        for (link, parameters) in written {
            let own = ipsec(parameters, over: common).map { ", ipsec: \($0)" } ?? ""
            text += "  - {between: [\(link.first), \(link.second)]\(own)}\n"
        }
        return text
    }

    private static func topology(of mesh: ResolvedMesh) -> String {
        if mesh.isFullMesh { return "topology: full-mesh\n" }
        if mesh.hubs.isEmpty { return "topology: explicit\n" }
        return "topology: {kind: hub-and-spoke, hubs: [\(mesh.hubs.map(\.description).joined(separator: ", "))]}\n"
    }

    /// The value that most have; of several, the one that comes first.
    private static func mostCommon<Value: Hashable>(_ values: [Value]) -> Value? {
        var counts: [Value: Int] = [:]
        for value in values { counts[value, default: 0] += 1 }
        let most = counts.values.max() ?? 0
        return values.first { counts[$0] == most }
    }

    /// What of `parameters` differs from `base`; nil when nothing does.
    private static func ipsec(_ parameters: IPsecParameters, over base: IPsecParameters) -> String? {
        var ike: [String] = [], child: [String] = [], all: [String] = []
        if parameters.ike.proposals != base.ike.proposals {
            ike.append("proposals: [\(parameters.ike.proposals.map(\.description).joined(separator: ", "))]")
        }
        if parameters.ike.lifetimeSeconds != base.ike.lifetimeSeconds {
            ike.append("lifetime: \(parameters.ike.lifetimeSeconds)s")
        }
        if parameters.ike.livenessSeconds != base.ike.livenessSeconds {
            ike.append("liveness: \(parameters.ike.livenessSeconds)s")
        }
        if parameters.child.proposals != base.child.proposals {
            child.append("proposals: [\(parameters.child.proposals.map(\.description).joined(separator: ", "))]")
        }
        if parameters.child.lifetimeSeconds != base.child.lifetimeSeconds {
            child.append("lifetime: \(parameters.child.lifetimeSeconds)s")
        }
        if parameters.child.lifetimeBytes != base.child.lifetimeBytes {
            child.append("bytes: \(parameters.child.lifetimeBytes >> 20)MiB")
        }
        if let packets = parameters.child.lifetimePackets, packets != base.child.lifetimePackets {
            child.append("packets: \(packets)")
        }
        if parameters.mode != base.mode { all.append("mode: \(parameters.mode.rawValue)") }
        if parameters.encapsulation != base.encapsulation {
            all.append("encapsulation: \(parameters.encapsulation.rawValue)")
        }
        if !ike.isEmpty { all.append("ike: {\(ike.joined(separator: ", "))}") }
        if !child.isEmpty { all.append("child: {\(child.joined(separator: ", "))}") }
        return all.isEmpty ? nil : "{\(all.joined(separator: ", "))}"
    }

    /// In quotes when it holds a colon, which would be read as a mapping's.
    private static func scalar(_ value: some CustomStringConvertible) -> String {
        let text = value.description
        return text.contains(":") ? "\"\(text)\"" : text
    }
}

import WarrenModel

extension PlanText {
    /// A packet's way, a line for each gateway, with what seals it on the way to the next.
    public static func walk(_ walk: PacketWalk) -> String {
        var text = "\(walk.source) to \(walk.destination)\n"
        for (number, hop) in walk.hops.enumerated() {
            text += "  \(number + 1) \(hop.site): route \(ItemText.route(hop.route))\n"
            text += "      sealed by \(ItemText.policy(hop.policy))\n"
            text += "      through the tunnel \(hop.tunnel.outer.local) to \(hop.tunnel.outer.remote), mtu \(hop.tunnel.mtu)\n"
        }
        return text + "  \(walk.hops.count + 1) \(walk.site): \(walk.outcome.rawValue): \(walk.reason)\n"
    }

    /// A packet's way and its answer's, and what was found at the gateways on them.
    public static func trace(_ trace: MeshTrace) -> String {
        var text = walk(trace.forth)
        if let back = trace.back { text += "and the answer\n" + walk(back) }
        let names = trace.gateways.map(\.description).joined(separator: ", ")
        guard !trace.exposures.isEmpty else {
            return text + "no route of \(names) leads a packet for another site into the clear\n"
        }
        return text + "in the clear:\n" + trace.exposures.map { "  \($0)\n" }.joined()
    }
}

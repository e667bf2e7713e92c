import WarrenModel

extension PlanText {
    /// A packet's way, a line for each gateway, with what seals it on the way to the next.
    public static func walk(_ walk: PacketWalk) -> String {
        var text = "\(walk.source) to \(walk.destination)\n"
        var source = walk.source, destination = walk.destination
        for (number, hop) in walk.hops.enumerated() {
            text += "  \(number + 1) \(hop.site): route \(ItemText.route(hop.route))\n"
            text += seen(source, as: hop.source, "source")
            source = hop.source
            text += "      sealed by \(ItemText.policy(hop.policy))\n"
            text += "      through the tunnel \(hop.tunnel.outer.local) to \(hop.tunnel.outer.remote), mtu \(hop.tunnel.mtu)\n"
            let next = walk.hops.indices.contains(number + 1) ? walk.hops[number + 1].destination : walk.destinationAtEnd
            if next != destination { text += "      seen there as \(next), the destination \(destination)\n" }
            destination = next
        }
        return text + "  \(walk.hops.count + 1) \(walk.site): \(walk.outcome.rawValue): \(walk.reason)\n"
    }

    private static func seen(_ before: IPAddress, as after: IPAddress, _ what: String) -> String {
        before == after ? "" : "      seen as \(after) by the others, the \(what) \(before)\n"
    }

    /// A packet's way and its answer's, and what was found at the gateways on them.
    public static func trace(_ trace: MeshTrace) -> String {
        var text = walk(trace.forth)
        if let back = trace.back { text += "and the answer\n" + walk(back) }
        for elsewhere in trace.seenElsewhere {
            text += "to the others, \(trace.forth.destination) of \(elsewhere.site) is \(elsewhere.address)\n"
        }
        for awaited in trace.awaiting {
            text += "at \(awaited.site), \(ItemText.awaited(awaited.link))\n"
        }
        if !trace.awaiting.isEmpty {
            let what = trace.awaiting.count == 1 ? "that is" : "these are"
            text += "once \(what) known, the packet arrives, and so does its answer\n"
        }
        let names = trace.gateways.map(\.description).joined(separator: ", ")
        guard !trace.exposures.isEmpty else {
            return text + "no route of \(names) leads a packet for another site into the clear\n"
        }
        return text + "in the clear:\n" + trace.exposures.map { "  \($0)\n" }.joined()
    }
}

import WarrenInventory

/// An address space for a person to read. Pure.
enum AddressSpaceText {
    static func tree(_ space: AddressSpace) -> String {
        space.roots.map { lines($0, first: "", rest: "") }.joined()
    }

    private static func lines(_ node: AddressSpaceNode, first: String, rest: String) -> String {
        var text = "\(first)\(node.prefix)  \(label(node))\n"
        let free = node.free.map(freeText)
        for (index, child) in node.children.enumerated() {
            let isLast = index == node.children.count - 1 && free == nil
            text += lines(child, first: rest + (isLast ? "└─ " : "├─ "), rest: rest + (isLast ? "   " : "│  "))
        }
        if let free { text += "\(rest)└─ \(free)\n" }
        return text
    }

    private static func label(_ node: AddressSpaceNode) -> String {
        var parts = node.owners.map(name)
        if let purpose = node.purpose { parts.append(purpose) }
        var text = parts.joined(separator: ", ")
        if node.isCollision {
            let others = node.collidesWith.map { "\($0.prefix) of \($0.site), \($0.location)" }
            let equals = node.equals.dropFirst().map { "\($0.prefix) of \($0.site), \($0.location)" }
            text += "  COLLIDES: " + (others + equals).joined(separator: "; ")
        }
        return text
    }

    /// A site, and what its prefix is beside a network that everybody knows by it.
    private static func name(_ owner: AddressOwner) -> String {
        if let visible = owner.seenAs { return "\(owner.site) (seen as \(visible))" }
        if let network = owner.standsFor { return "\(owner.site) (how its \(network) is seen)" }
        return owner.site.description
    }

    private static func freeText(_ free: FreeAddresses) -> String {
        guard free.count > 0 else { return "free: nothing" }
        let (whole, fraction) = free.basisPoints.quotientAndRemainder(dividingBy: 100)
        let share = "\(whole).\(fraction < 10 ? "0" : "")\(fraction) %"
        let more = free.count - free.largest.count
        return "free: \(share), the largest \(free.largest.map(\.description).joined(separator: ", "))"
            + (more > 0 ? " and \(more) more" : "")
    }
}

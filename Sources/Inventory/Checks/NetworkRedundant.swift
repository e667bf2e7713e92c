import WarrenModel

/// `network-redundant`: a network of a site lies in another of the same site.
enum NetworkRedundant {
    static func faults(in declaration: Declaration) -> [Fault] {
        declaration.sites.flatMap { site in
            split(site.networks).redundant.map { narrow, wide in
                let relation = narrow.value == wide.value ? "stands twice" : "lies in \(wide.value) of the same site"
                return .between(
                    .networkRedundant, narrow.place, wide.place, "\(narrow.value) \(relation)",
                    remedy: "remove \(narrow.value)")
            }
        }
    }

    /// A site's networks that lie in no other of it, and each of the rest with one that holds it. O(n log n).
    static func split(
        _ networks: [Located<IPPrefix>]
    ) -> (kept: [Located<IPPrefix>], redundant: [(narrow: Located<IPPrefix>, wide: Located<IPPrefix>)]) {
        var kept: [Located<IPPrefix>] = []
        var redundant: [(Located<IPPrefix>, Located<IPPrefix>)] = []
        // Sorted, what holds a prefix stands before it, and nothing that it does not hold stands between.
        for network in networks.sorted(by: { ($0.value, $0.place) < ($1.value, $1.place) }) {
            if let last = kept.last, last.value.contains(network.value) {
                redundant.append((network, last))
            } else {
                kept.append(network)
            }
        }
        return (kept, redundant)
    }
}

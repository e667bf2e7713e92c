import WarrenModel

extension MeshComparison {
    /// How much of a difference is told one by one.
    public struct Detail: Sendable, Hashable {
        /// Changes of gateways, in all.
        public var changes: Int
        public var links: Int
        public init(changes: Int, links: Int) {
            self.changes = changes
            self.links = links
        }
        /// What a person or a program reads at once: some megabytes.
        public static let usual = Detail(changes: 20_000, links: 20_000)
        public static let everything = Detail(changes: .max, links: .max)
        public static let summary = Detail(changes: 0, links: 0)
    }

    /// The difference as data. Of more than `detail` allows, gateways after the first lack their changes, and links of little
    /// effect are left out; everything is counted.
    ///
    /// - Parameter site: the only gateway that is told of, with all its changes, and its links; nil: every one.
    public func changeSet(_ detail: Detail = .usual, of site: SiteName? = nil) -> ChangeSet {
        var tally = ChangeTally(comparison: self)
        var gateways: [GatewayChange] = []
        var room = detail.changes, isShortened = false
        for candidate in candidates {
            guard let difference = difference(at: candidate, isTold: false) else { continue }
            let isMeant = site == nil || site == candidate
            let isTold = isMeant && difference.counts.total <= (site == nil ? room : .max)
            if isTold { room -= min(room, difference.counts.total) } else if isMeant { isShortened = true }
            let changes = isTold ? self.difference(at: candidate, isTold: true)?.changes : nil
            let gateway = gatewayChange(candidate, difference, changes: changes)
            tally.add(gateway, difference.links)
            if isMeant { gateways.append(gateway) }
        }
        let (summary, links) = tally.finished(telling: site == nil ? detail.links : .max, of: site)
        return ChangeSet(
            summary: summary, gateways: gateways, links: links,
            isShortened: isShortened || (site == nil && links.count < summary.linksInAll))
    }
}

/// Sums up gateways as they are compared. A link is known by the places of its sites, for half a million are many names.
private struct ChangeTally {
    private var summary = ChangeSummary()
    private let names: [SiteName]
    private let places: [SiteName: Int]
    private var aspects: [UInt64: LinkAspects] = [:]
    private var fingerprint = Fingerprint()

    init(comparison: MeshComparison) {
        names = Set(comparison.old?.sites ?? []).union(comparison.new.sites).sorted()
        places = Dictionary(names.enumerated().map { ($1, $0) }) { first, _ in first }
        summary.gatewaysInAll = names.count
    }

    mutating func add(_ gateway: GatewayChange, _ links: [SiteName: LinkAspects]) {
        summary.gateways += 1
        summary.counts += gateway.counts
        switch gateway.effect {
        case .joins: summary.joins.append(gateway.site)
        case .leaves: summary.leaves.append(gateway.site)
        case .isolated: summary.isolated.append(gateway.site)
        case .changes: break
        }
        fingerprint.mix(gateway.site.description)
        for number in [gateway.counts.add, gateway.counts.change, gateway.counts.remove] { fingerprint.mix(UInt64(number)) }
        guard let own = places[gateway.site] else { return }
        for (peer, aspect) in links {
            guard let other = places[peer] else { continue }
            let key = UInt64(min(own, other)) << 32 | UInt64(max(own, other))
            aspects[key, default: []].formUnion(aspect)
        }
    }

    mutating func finished(telling limit: Int, of site: SiteName?) -> (ChangeSummary, [LinkChange]) {
        let ordered = aspects.sorted { $0.key < $1.key }
        for (key, aspect) in ordered {
            summary.links[aspect.effect, default: 0] += 1
            fingerprint.mix(key)
            fingerprint.mix(aspect.effect.rawValue)
            for reason in aspect.reasons { fingerprint.mix(reason) }
        }
        summary.fingerprint = fingerprint.text
        var told = ordered
        if let place = site.flatMap({ places[$0] }).map(UInt64.init) {
            told.removeAll { $0.key >> 32 != place && $0.key & 0xffff_ffff != place }
        }
        if ordered.count > limit {
            // Of equal effect, in order.
            told = Array(
                LinkEffect.allCases.reversed().lazy.flatMap { effect in ordered.lazy.filter { $0.value.effect == effect } }
                    .prefix(limit))
        }
        let links = told.compactMap { key, aspect in
            LinkID(names[Int(key >> 32)], names[Int(key & 0xffff_ffff)]).map { LinkChange(link: $0, aspects: aspect) }
        }
        return (summary, links)
    }
}

/// FNV-1a of 64 bits: tells values apart by accident, not against somebody who forges them.
private struct Fingerprint {
    private var state: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func mix(_ text: String) {
        for byte in text.utf8 { mix(byte) }
        mix(UInt8(0))
    }

    mutating func mix(_ number: UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) { mix(UInt8(truncatingIfNeeded: number >> UInt64(shift))) }
    }

    private mutating func mix(_ byte: UInt8) { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }

    var text: String {
        let digits = String(state, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

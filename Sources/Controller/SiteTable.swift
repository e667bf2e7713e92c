import WarrenModel
import WarrenStore

/// Which identity and index each site has, for its life.
struct SiteTable: Sendable {
    /// The sites of the mesh now.
    let live: [SiteName: SiteRecord]
    /// Every index that a site has or had.
    private let given: Set<Int>

    /// - Parameter records: of every site that is or was.
    init(_ records: [SiteRecord]) {
        live = Dictionary(records.filter { $0.retired == nil }.map { ($0.name, $0) }) { $1 }
        given = Set(records.map(\.index))
    }

    var indexes: [SiteName: Int] { live.mapValues(\.index) }

    /// The table for a generation that has just these sites, in file order, and the records that differ from now.
    ///
    /// A site keeps what it has; a new one gets a new identity and the lowest index that no site ever had, so that no
    /// interface name on a peer ever passes from one site to another.
    ///
    /// - Parameter pinned: indexes that the operator chose for some of the sites, all different. A site whose index they take gets the next.
    func advanced(
        to generation: Generation, sites: [SiteName], pinned: [SiteName: Int] = [:],
        using random: inout some RandomNumberGenerator
    ) -> (indexes: [SiteName: Int], changed: [SiteRecord]) {
        var indexes = pinned, changed: [SiteRecord] = []
        let taken = Set(indexes.values)
        var next = 0
        var seen: Set<SiteName> = []
        for name in sites where seen.insert(name).inserted {
            var index = indexes[name] ?? live[name]?.index ?? 0
            if indexes[name] == nil, index == 0 || taken.contains(index) {
                repeat { next += 1 } while given.contains(next) || taken.contains(next)
                index = next
            }
            indexes[name] = index
            guard let record = live[name] else {
                changed.append(SiteRecord(id: SiteID(using: &random), name: name, index: index, since: generation))
                continue
            }
            if record.index != index {
                changed.append(SiteRecord(id: record.id, name: name, index: index, since: record.since))
            }
        }
        for var record in live.values where indexes[record.name] == nil {
            record.retired = generation
            changed.append(record)
        }
        return (indexes, changed)
    }
}

import WarrenModel
import WarrenStore

/// Which identity and index each site has, for its life.
struct SiteTable: Sendable {
    /// The sites of the mesh now.
    let live: [SiteName: SiteRecord]
    private let greatestIndex: Int

    /// - Parameter records: of every site that is or was.
    init(_ records: [SiteRecord]) {
        live = Dictionary(records.filter { $0.retired == nil }.map { ($0.name, $0) }) { $1 }
        greatestIndex = records.map(\.index).max() ?? 0
    }

    var indexes: [SiteName: Int] { live.mapValues(\.index) }

    /// The table for a generation that has just these sites, in file order, and the records that differ from now.
    ///
    /// A site keeps what it has; a new one gets a new identity and the next index that no site ever had, so that no
    /// interface name on a peer ever passes from one site to another.
    func advanced(
        to generation: Generation, sites: [SiteName], using random: inout some RandomNumberGenerator
    ) -> (indexes: [SiteName: Int], changed: [SiteRecord]) {
        var indexes: [SiteName: Int] = [:], changed: [SiteRecord] = [], next = greatestIndex
        for name in sites where indexes[name] == nil {
            if let record = live[name] {
                indexes[name] = record.index
            } else {
                next += 1
                indexes[name] = next
                changed.append(SiteRecord(id: SiteID(using: &random), name: name, index: next, since: generation))
            }
        }
        for var record in live.values where indexes[record.name] == nil {
            record.retired = generation
            changed.append(record)
        }
        return (indexes, changed)
    }
}

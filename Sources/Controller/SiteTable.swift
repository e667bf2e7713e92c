import WarrenModel
import WarrenStore

/// Which identity and index each site has, for its life.
struct SiteTable: Sendable {
    /// The sites of the mesh now.
    let live: [SiteName: SiteRecord]
    /// Of each name, the site that has it or had it last.
    let latest: [SiteName: SiteRecord]
    private let records: [SiteRecord]
    /// Every index that a site has or had.
    private let given: Set<Int>

    /// - Parameter records: of every site that is or was.
    init(_ records: [SiteRecord]) {
        live = Dictionary(records.filter { $0.retired == nil }.map { ($0.name, $0) }) { $1 }
        latest = Dictionary(records.map { ($0.name, $0) }) { a, b in
            (b.retired == nil ? .max : b.retired?.rawValue ?? 0) > (a.retired == nil ? .max : a.retired?.rawValue ?? 0) ? b : a
        }
        given = Set(records.map(\.index))
        self.records = records
    }

    /// The table once `changed` are as they say.
    func after(_ changed: [SiteRecord]) -> SiteTable {
        guard !changed.isEmpty else { return self }
        let replaced = Set(changed.map(\.id))
        return SiteTable(records.filter { !replaced.contains($0.id) } + changed)
    }

    func record(of id: SiteID) -> SiteRecord? { records.first { $0.id == id } }

    /// The site of this name that was in the mesh in `generation`, and has left it since.
    private func lost(_ name: SiteName, in generation: Generation) -> SiteRecord? {
        records.first { record in
            record.name == name && record.since <= generation && record.retired.map { $0 > generation } ?? false
        }
    }

    var indexes: [SiteName: Int] { live.mapValues(\.index) }

    /// The table for a generation that has just these sites, in file order, and the records that differ from now.
    ///
    /// A site keeps what it has; a new one gets a new identity and the lowest index that no site ever had, so that no
    /// interface name on a peer ever passes from one site to another.
    ///
    /// - Parameters:
    ///   - pinned: indexes that the operator chose for some of the sites, all different. A site whose index they take gets the
    ///     next.
    ///   - reviving: sites that were in the mesh in this generation come back as what they were.
    func advanced(
        to generation: Generation, sites: [SiteName], pinned: [SiteName: Int] = [:], reviving former: Generation? = nil,
        using random: inout some RandomNumberGenerator
    ) -> (indexes: [SiteName: Int], changed: [SiteRecord]) {
        var indexes = pinned, changed: [SiteRecord] = []
        let taken = Set(indexes.values)
        var next = 0
        var seen: Set<SiteName> = []
        for name in sites where seen.insert(name).inserted {
            var lost: SiteRecord?
            if let former, live[name] == nil { lost = self.lost(name, in: former) }
            var index = indexes[name] ?? live[name]?.index ?? lost?.index ?? 0
            if indexes[name] == nil, index == 0 || taken.contains(index) {
                repeat { next += 1 } while given.contains(next) || taken.contains(next)
                index = next
            }
            indexes[name] = index
            if let lost {
                changed.append(SiteRecord(id: lost.id, name: name, index: index, since: lost.since))
                continue
            }
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

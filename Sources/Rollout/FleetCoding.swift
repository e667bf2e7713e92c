import WarrenModel
import WarrenPlan

/// A fleet is written as a table of names and, for its links, runs of pairs of them: a full mesh of a thousand sites has half
/// a million links, and a thousand runs.
extension RolloutFleet: Codable {
    private enum CodingKeys: String, CodingKey { case names, changes, links, changedLinks, leaving }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let names = try container.decode([SiteName].self, forKey: .names)
        func links(_ key: CodingKeys) throws -> [LinkID] {
            let runs = try container.decode([Int].self, forKey: key)
            guard let links = PairRuns(runs).links(of: names) else {
                throw DecodingError.dataCorruptedError(
                    forKey: key, in: container, debugDescription: "these are not runs of pairs of \(names.count) names")
            }
            return links
        }
        self.init(
            changes: try container.decode([SiteName: Set<TransitionStep>].self, forKey: .changes), links: try links(.links),
            changedLinks: try links(.changedLinks), leaving: try container.decode(Set<SiteName>.self, forKey: .leaving))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        var ends = Set(changes.keys)
        for link in links {
            ends.insert(link.first)
            ends.insert(link.second)
        }
        for link in changedLinks { ends.formUnion(link.sites) }
        let names = ends.sorted()
        let places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
        try container.encode(names, forKey: .names)
        try container.encode(changes, forKey: .changes)
        try container.encode(PairRuns(links, places).numbers, forKey: .links)
        try container.encode(PairRuns(changedLinks, places).numbers, forKey: .changedLinks)
        try container.encode(leaving, forKey: .leaving)
    }
}

/// Links, in order, as gaps and lengths in turn: of the numbers `first * count of names + second`, so many are left out, and
/// the next so many are links.
private struct PairRuns {
    private(set) var numbers: [Int] = []

    init(_ numbers: [Int]) { self.numbers = numbers }

    init(_ links: [LinkID], _ places: [SiteName: Int]) {
        var next = 0
        for link in links {
            guard let first = places[link.first], let second = places[link.second] else { continue }
            let number = first * places.count + second
            if number == next, !numbers.isEmpty {
                numbers[numbers.count - 1] += 1
            } else {
                numbers += [number - next, 1]
            }
            next = number + 1
        }
    }

    /// Nil when they don't fit the names.
    func links(of names: [SiteName]) -> [LinkID]? {
        var links: [LinkID] = [], next = 0
        let end = names.count.multipliedReportingOverflow(by: names.count)
        guard numbers.count.isMultiple(of: 2), !end.overflow else { return nil }
        for index in stride(from: 0, to: numbers.count, by: 2) {
            let gap = numbers[index], length = numbers[index + 1]
            guard gap >= 0, length > 0, gap <= end.partialValue - next, length <= end.partialValue - next - gap else {
                return nil
            }
            for number in next + gap..<next + gap + length {
                guard let link = LinkID(names[number / names.count], names[number % names.count]) else { return nil }
                links.append(link)
            }
            next += gap + length
        }
        return links
    }
}

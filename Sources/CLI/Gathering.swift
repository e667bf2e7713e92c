import Foundation
import WarrenAPIModel
import WarrenClient
import WarrenModel
import WarrenStatus

/// What is gathered of a mesh for a report of a fault: texts by their names, each without secrets. What could not be had is told
/// as why.
struct Gathering: Sendable {
    private(set) var files: [(name: String, text: String)] = []
    /// Sites whose agents told nothing.
    private(set) var silent: [SiteName] = []

    /// So many gateways are asked at once.
    private static let atOnce = 8

    private static let ofController = [
        ("version.json", "/v1/version"), ("status.json", "/v1/status?links=unwell"), ("events.json", "/v1/events?limit=1000"),
        ("rollouts.json", "/v1/rollouts"), ("drift.json", "/v1/drift"), ("generations.json", "/v1/generations?limit=20"),
        ("addresses.json", "/v1/addresses"), ("metrics.txt", "/metrics"),
    ]

    /// Of the controller, and of those gateways; nil: of each.
    ///
    /// - Parameter progress: called with the number of gateways that are done, and of all.
    static func gather(
        _ client: ControllerClient, sites chosen: [SiteName]?, progress: @Sendable (Int, Int) -> Void
    ) async throws -> Gathering {
        var gathering = Gathering()
        for (name, path) in ofController { await gathering.add("controller/\(name)") { try await client.text(of: path) } }
        if let generation = try? await client.currentGeneration(), generation > .none {
            await gathering.add("controller/inventory.json") { try await client.text(of: "/v1/generations/\(generation)") }
        }
        await gathering.add(facts: "controller") { try await client.facts() }
        let sites: [SiteName] = if let chosen { chosen } else { try await client.siteNames() }
        try await withThrowingTaskGroup(of: Gathering.self) { group in
            var done = 0
            for (number, site) in sites.enumerated() {
                if number >= atOnce, let next = try await group.next() {
                    gathering.merge(next)
                    done += 1
                    progress(done, sites.count)
                }
                group.addTask { await ofGateway(site, client) }
            }
            for try await next in group {
                gathering.merge(next)
                done += 1
                progress(done, sites.count)
            }
        }
        try Task.checkCancellation()
        gathering.files.sort { $0.name < $1.name }
        gathering.silent.sort()
        return gathering
    }

    private static func ofGateway(_ site: SiteName, _ client: ControllerClient) async -> Gathering {
        var gathering = Gathering()
        let folder = "gateways/\(site)"
        await gathering.add("\(folder)/gateway.json") { try await client.text(of: "/v1/gateways/\(site)") }
        await gathering.add("\(folder)/plan.json") { try await client.text(of: "/v1/plan?site=\(site)") }
        let isTold = await gathering.add(facts: folder) { try await client.facts(of: site) }
        if !isTold { gathering.silent.append(site) }
        return gathering
    }

    private mutating func merge(_ other: Gathering) {
        files += other.files
        silent += other.silent
    }

    private mutating func add(_ name: String, _ read: () async throws -> String) async {
        do { files.append((name, Redaction.redacted(try await read()))) } catch {
            files.append(("\(name).missing.txt", Redaction.redacted("\(error)") + "\n"))
        }
    }

    /// False when there are none.
    @discardableResult
    private mutating func add(facts folder: String, _ read: () async throws -> [APIMessage.Fact]) async -> Bool {
        do {
            for fact in try await read() {
                // A name from elsewhere may lead out of the archive's folder: a fact's cannot.
                guard let fact = Fact(name: fact.name, text: fact.text) else { continue }
                files.append(("\(folder)/facts-\(fact.name)", fact.text))
            }
            return true
        } catch {
            files.append(("\(folder)/facts.missing.txt", Redaction.redacted("\(error)") + "\n"))
            return false
        }
    }

    /// All of it in one folder of an archive.
    func archive(folder: String, readme: String, now: Date) -> [UInt8] {
        var archive = TarArchive()
        let modified = UInt64(max(0, now.timeIntervalSince1970))
        for (name, text) in [("README.txt", readme)] + files.map({ ($0.name, $0.text) }) {
            archive.add("\(folder)/\(name)", Array(text.utf8), modified: modified)
        }
        return archive.file
    }
}

import WarrenClient
import WarrenModel
import WarrenStatus

/// What is to be known of a mesh to show it, and no more: a full mesh of a thousand sites has half a million links.
struct StatusQuestion: Sendable {
    var site: SiteName?
    var tag: String?
    /// Every link, however many there are.
    var showsAll = false

    /// Up to so many links are fetched whole.
    private static let mostLinks = 5_000

    private var isWhole: Bool { site == nil && tag == nil }

    func ask(_ client: ControllerClient) async throws -> MeshStatus {
        guard isWhole, !showsAll else { return scoped(try await client.status(links: .all, site: site, tag: tag)) }
        let overview = try await client.status(links: .none, groups: true)
        guard let counts = overview.counts else { return overview }
        let all = counts.links.values.reduce(0, +)
        guard all > Self.mostLinks else { return try await complete(overview, .all, client) }
        guard counts.unwellLinks > 0, counts.unwellLinks <= Self.mostLinks else { return overview }
        return try await complete(overview, .unwell, client)
    }

    /// The overview's groups are kept: they are of a moment ago.
    private func complete(
        _ overview: MeshStatus, _ links: ControllerClient.ShownLinks, _ client: ControllerClient
    ) async throws -> MeshStatus {
        var status = try await client.status(links: links)
        status.groups = overview.groups
        return status
    }

    func askForCounts(_ client: ControllerClient) async throws -> MeshStatus {
        scoped(try await client.status(links: isWhole ? .none : .all, site: site, tag: tag))
    }

    /// All that was asked for is as it shall be. What was not asked for does not count.
    func isWell(_ status: MeshStatus) -> Bool { scoped(status).isWell }

    func summary(_ status: MeshStatus) -> String { StatusText.summary(scoped(status)) }

    private func scoped(_ status: MeshStatus) -> MeshStatus {
        guard !isWhole else { return status }
        var status = status
        status.counts = nil
        return status
    }
}

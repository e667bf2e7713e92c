import WarrenAPIModel
import WarrenInventory
import WarrenModel

/// Roll-outs, and the operations that start one.
extension ControllerClient {
    /// What an operator may ask of the roll-out that is under way.
    public enum RolloutOrder: String, Sendable, CaseIterable {
        case pause, resume, abort
        case rollBack = "rollback"
    }

    public enum SiteOrder: String, Sendable, CaseIterable {
        case drain, undrain, revoke
    }

    /// `POST /v1/generations` with a strategy: makes `files` the next generation and rolls it out.
    public func apply(
        _ files: [InventoryFile], expected: Generation, strategy: APIMessage.Strategy?
    ) async throws -> Generation {
        let request = APIMessage.ApplyRequest(files: files, expected: expected, strategy: strategy)
        let accepted: APIMessage.Accepted = try await post("/v1/generations", request)
        return accepted.generation
    }

    /// `GET /v1/rollouts`: newest first.
    public func rollouts() async throws -> [APIMessage.RolloutStatus] { try await get("/v1/rollouts") }

    /// `GET /v1/rollouts/current`: the latest, also when it is finished; fails with `.absent` before the first.
    public func currentRollout() async throws -> APIMessage.RolloutStatus { try await get("/v1/rollouts/current") }

    /// `GET /v1/rollouts/{generation}`.
    public func rollout(of generation: Generation) async throws -> APIMessage.RolloutStatus {
        try await get("/v1/rollouts/\(generation)")
    }

    /// `GET /v1/rollouts/current/events`: waits up to `waitSeconds` (at most 30) for anything new.
    public func rolloutProgress(since: String? = nil, waitSeconds: UInt32 = 0) async throws -> APIMessage.RolloutProgress {
        let since = since.map { "&since=\($0)" } ?? ""
        return try await get("/v1/rollouts/current/events?wait=\(waitSeconds)\(since)")
    }

    /// `POST /v1/rollouts/current/{pause|resume|abort|rollback}`. Fails with `.conflict` when there is nothing that could be
    /// paused, resumed …, or when the roll-out under way is not that of `generation`.
    public func order(
        _ order: RolloutOrder, generation: Generation? = nil, without: [SiteName] = []
    ) async throws -> APIMessage.RolloutStatus {
        let request = APIMessage.RolloutCommandRequest(generation: generation, without: without.isEmpty ? nil : without)
        return try await post("/v1/rollouts/current/\(order.rawValue)", request)
    }

    /// `POST /v1/rollback`: the content of an earlier generation as a new one.
    public func rollBack(
        to generation: Generation, expected: Generation? = nil, strategy: APIMessage.Strategy? = nil
    ) async throws -> Generation {
        let request = APIMessage.RollbackRequest(to: generation, expected: expected, strategy: strategy)
        let accepted: APIMessage.Accepted = try await post("/v1/rollback", request)
        return accepted.generation
    }

    /// `POST /v1/keys/rotate`: a new pre-shared key for these links; nil: all.
    public func rotateKeys(
        of links: [LinkID]?, expected: Generation? = nil, strategy: APIMessage.Strategy? = nil
    ) async throws -> Generation {
        let request = APIMessage.RotateRequest(links: links, expected: expected, strategy: strategy)
        let accepted: APIMessage.Accepted = try await post("/v1/keys/rotate", request)
        return accepted.generation
    }

    /// `POST /v1/sites/{name}/{drain|undrain|revoke}`.
    public func order(
        _ order: SiteOrder, of site: SiteName, expected: Generation? = nil, strategy: APIMessage.Strategy? = nil
    ) async throws -> Generation {
        let request = APIMessage.SiteRequest(expected: expected, strategy: strategy)
        let accepted: APIMessage.Accepted = try await post("/v1/sites/\(site)/\(order.rawValue)", request)
        return accepted.generation
    }

    /// `GET /v1/generations/{n}`: its inventory, and what was assigned to its sites and links.
    public func generation(_ generation: Generation) async throws -> APIMessage.GenerationDetails {
        try await get("/v1/generations/\(generation)")
    }

    /// `GET /v1/changes?from=N&to=M`.
    public func changes(from: Generation, to: Generation) async throws -> APIMessage.GenerationChanges {
        try await get("/v1/changes?from=\(from)&to=\(to)")
    }

    /// `GET /v1/drift`: the gateways that are not as they shall be.
    public func drift() async throws -> [APIMessage.SiteDrift] { try await get("/v1/drift") }
}

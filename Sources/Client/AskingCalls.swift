import WarrenAPIModel
import WarrenModel
import WarrenStatus

/// What agents are asked to look at or to send.
extension ControllerClient {
    /// `POST /v1/links/{a--b}/diagnosis`.
    public func diagnose(_ link: LinkID) async throws -> LinkDiagnosis {
        try decode(try await exchange(.POST, "/v1/links/\(link)/diagnosis", body: nil), from: "/v1/links/\(link)/diagnosis")
    }

    /// `GET /v1/verifications?from=&to=&limit=`.
    public func verifications(from: SiteName?, to: SiteName?, limit: Int) async throws -> APIMessage.Verifications {
        try await get(
            Self.path(
                "/v1/verifications", [("from", from?.description), ("to", to?.description), ("limit", "\(limit)")]))
    }

    /// `POST /v1/verifications`.
    public func verify(_ request: APIMessage.VerificationRequest) async throws -> APIMessage.Verification {
        try await post("/v1/verifications", request)
    }
}

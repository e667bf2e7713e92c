import Foundation
import WarrenAPIModel
import WarrenModel

/// Who may use the controller's API.
extension ControllerClient {
    /// `GET /v1/whoami`: whose credential this client has, and what it may do.
    public func whoAmI() async throws -> APIMessage.Identity { try await get("/v1/whoami") }

    /// `GET /v1/access-tokens`, in order of names.
    public func accessTokens() async throws -> [APIMessage.AccessToken] { try await get("/v1/access-tokens") }

    /// `POST /v1/access-tokens`. Fails with `.conflict` when there is a token of that name.
    ///
    /// - Parameter lifetimeSeconds: nil: it does not expire.
    public func createAccessToken(
        named name: String, role: AccessRole, lifetimeSeconds: UInt32?
    ) async throws -> APIMessage.NewAccessToken {
        try await post(
            "/v1/access-tokens", APIMessage.AccessTokenRequest(name: name, role: role, lifetimeSeconds: lifetimeSeconds))
    }

    /// `DELETE /v1/access-tokens/{name}`. Fails with `.absent` when there is none of that name.
    public func revokeAccessToken(named name: String) async throws {
        let escaped = name.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? name
        _ = try await exchange(.DELETE, "/v1/access-tokens/\(escaped)", body: nil)
    }
}

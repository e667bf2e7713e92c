import Foundation
import Hummingbird
import WarrenAPIModel
import WarrenController
import WarrenModel
import WarrenStore

/// Routes of who may use the API.
extension API {
    static func accessRoutes(_ controller: Controller) -> [Route] {
        [
            Route(
                .get, "/v1/whoami", .viewer, "whoAmI", "Whose credential this is, and what it may do.",
                answer: .json(APIMessage.Identity.self)
            ) { _, context in try JSONAnswer.response(identity(of: try context.admitted)) },
            Route(
                .get, "/v1/access-tokens", .admin, "listAccessTokens", "The operators' tokens.",
                answer: .json([APIMessage.AccessToken].self)
            ) { _, _ in try JSONAnswer.response(controller.access.tokens.map(details)) },
            Route(
                .post, "/v1/access-tokens", .admin, "createAccessToken", "Makes a token for an operator, and shows it once.",
                body: .json(APIMessage.AccessTokenRequest.self), answer: .json(APIMessage.NewAccessToken.self, .created),
                refusals: [409]
            ) { request, context in try await createAccessToken(request, context, controller) },
            Route(
                .delete, "/v1/access-tokens/{name}", .admin, "revokeAccessToken",
                "Ends an operator's token and its sessions at once.", answer: .nothing
            ) { _, context in
                let name = try context.parameters.require("name")
                try await controller.revokeAccessToken(named: name, by: try context.admitted)
                return Response(status: .noContent)
            },
        ]
    }

    private static func createAccessToken(
        _ request: Request, _ context: APIContext, _ controller: Controller
    ) async throws -> Response {
        let message: APIMessage.AccessTokenRequest = try await body(of: request)
        let (text, record) = try await controller.createAccessToken(
            named: message.name, role: message.role, lifetimeSeconds: message.lifetimeSeconds, by: try context.admitted)
        return try JSONAnswer.response(APIMessage.NewAccessToken(token: text, details: details(of: record)), status: .created)
    }

    private static func details(of record: AccessTokenRecord) -> APIMessage.AccessToken {
        APIMessage.AccessToken(
            name: record.name, role: record.role, createdAt: text(record.createdAt), expiresAt: record.expiresAt.map(text),
            lastUsedAt: record.lastUsedAt.map(text))
    }

    static func identity(of principal: Principal) -> APIMessage.Identity {
        let means: APIMessage.Identity.Means =
            switch principal.means {
            case .socket: .socket
            case .token: .token
            case .session: .session
            }
        return APIMessage.Identity(
            name: principal.name, role: principal.role, means: means, expiresAt: principal.expiresAt.map(text))
    }
}

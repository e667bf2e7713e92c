import Foundation
import Hummingbird
import WarrenAPIModel
import WarrenController

/// Sessions of browsers, in which no script can read the credential.
extension API {
    static func sessionRoutes(_ controller: Controller) -> [Route] {
        [
            Route(
                .post, "/v1/session", .viewer, "openSession", "Trades a token for a cookie that stands for it for 12 hours.",
                answer: .json(APIMessage.Identity.self), refusals: [409]
            ) { _, context in try openSession(context, controller) },
            Route(
                .delete, "/v1/session", .viewer, "endSession", "Ends the session whose cookie the request has.",
                answer: .nothing, refusals: [409]
            ) { _, context in try endSession(context, controller) },
        ]
    }

    private static func openSession(_ context: APIContext, _ controller: Controller) throws -> Response {
        let owner = try context.admitted
        guard owner.means == .token else { throw Refusal(.conflict, "only a token is traded for a session") }
        let (id, principal) = controller.access.openSession(for: owner)
        var response = try JSONAnswer.response(identity(of: principal))
        response.setCookie(
            context.entrance.cookie(id, lifetime: Int(AccessControl.sessionLifetime)))
        return response
    }

    private static func endSession(_ context: APIContext, _ controller: Controller) throws -> Response {
        let principal = try context.admitted
        guard principal.means == .session else { throw Refusal(.conflict, "the request has no session's cookie") }
        controller.access.endSession(of: principal)
        var response = Response(status: .noContent)
        response.setCookie(context.entrance.cookie("", lifetime: 0))
        return response
    }
}

extension Entrance {
    /// No script can read it, no other site's page can have it sent, and over TLS none of its neighbours can set it.
    func cookie(_ value: String, lifetime seconds: Int) -> Cookie {
        let isSecure = if case .tls = self { true } else { false }
        return Cookie(
            name: cookieName, value: value, maxAge: seconds, path: "/", secure: isSecure, httpOnly: true, sameSite: .strict)
    }
}

import Foundation
import Hummingbird
import WarrenController
import WarrenModel

/// What stands before every route. Nobody passes whom the table does not name: a path that it lacks is told only to those
/// who have shown a credential.
struct Gate: RouterMiddleware {
    typealias Context = APIContext

    let table: RouteTable
    let entrance: Entrance
    let access: AccessControl
    let throttle: Throttle

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.entrance = entrance
        try throttle.count(from: context.address)
        try entrance.checkHost(of: request)
        let route = table.route(request.method, endpoint: context.endpointPath)
        if route?.access != .anyone {
            let principal = try authenticate(request, from: context.address)
            try throttle.count(of: principal)
            context.principal = principal
        }
        guard let route else { throw noRoute(request) }
        try authorise(context.principal, for: route)
        context.query = try Query(request.uri.query).checked(against: route)
        try checkPath(context, against: route)
        try Negotiation.check(request, against: route)
        return try await next(request, context)
    }

    /// A token in the header comes before a cookie: whoever sends one means it.
    private func authenticate(_ request: Request, from address: String?) throws -> Principal {
        if entrance == .socket { return .socket }
        if let authorization = request.headers[.authorization] {
            guard authorization.lowercased().hasPrefix("bearer "),
                let principal = access.principal(
                    ofToken: authorization.dropFirst(7).trimmingCharacters(in: .whitespaces))
            else { throw throttle.failure(from: address) }
            return principal
        }
        guard let cookie = request.cookies[entrance.cookieName] else { throw Refusal.unauthenticated }
        guard let principal = access.principal(ofSession: cookie.value) else { throw throttle.failure(from: address) }
        try entrance.checkOrigin(of: request)
        return principal
    }

    private func authorise(_ principal: Principal?, for route: Route) throws {
        guard case .least(let role) = route.access else { return }
        guard let principal else { throw Refusal.unauthenticated }
        guard principal.role >= role else {
            throw Refusal(
                .forbidden, "'\(principal.name)' is a credential for \(principal.role.rawValue): this wants \(role.rawValue)")
        }
    }

    private func noRoute(_ request: Request) -> Refusal {
        let methods = table.methods(of: request.uri.path)
        guard !methods.isEmpty, !methods.contains(request.method.rawValue) else {
            return Refusal(.notFound, "there is no such route")
        }
        let list = methods.joined(separator: ", ")
        return Refusal(.methodNotAllowed, "this route takes \(list)", headers: [.allow: list])
    }

    private func checkPath(_ context: APIContext, against route: Route) throws {
        for parameter in route.parameters where parameter.isInPath {
            guard let text = context.parameters.get(parameter.name), parameter.admits(text) else {
                throw Refusal(.badRequest, "'\(parameter.name)' in the path is not \(parameter.expectation)")
            }
        }
    }
}

/// An answer other than the one that was asked for, as an error.
struct Refusal: Error {
    let status: HTTPResponse.Status
    let detail: String
    let headers: HTTPFields

    init(_ status: HTTPResponse.Status, _ detail: String, headers: HTTPFields = [:]) {
        self.status = status
        self.detail = detail
        self.headers = headers
    }

    /// RFC 6750, 3.
    static let unauthenticated = Refusal(
        .unauthorized, "a bearer token of this controller is needed", headers: [.wwwAuthenticate: "Bearer"])
}

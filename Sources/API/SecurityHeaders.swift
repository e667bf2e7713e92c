import Hummingbird

/// What every answer tells a browser, unless its route has said something of its own.
struct SecurityHeaders: RouterMiddleware {
    typealias Context = APIContext

    private static let defaults: [(name: String, value: String)] = [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cache-control", "no-store"),
    ]

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        let present = Set(response.headers.map(\.name.canonicalName))
        for (name, value) in Self.defaults where !present.contains(name) {
            response.headers[.init(name)!] = value
        }
        return response
    }
}

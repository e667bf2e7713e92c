import Hummingbird

/// All routes, and which of them a request is for.
struct RouteTable: Sendable {
    let routes: [Route]
    private let byEndpoint: [String: Route]

    /// Traps on two routes of one method and path: that is a programmer's error.
    init(_ routes: [Route]) {
        self.routes = routes
        byEndpoint = Dictionary(uniqueKeysWithValues: routes.map { (Self.key($0.method, $0.path), $0) })
    }

    /// The route of a pattern that the router has found; what answers GET answers HEAD.
    func route(_ method: HTTPRequest.Method, endpoint: String?) -> Route? {
        endpoint.flatMap { byEndpoint[Self.key(method == .head ? .get : method, $0)] }
    }

    /// The methods that a path takes, in order; empty when there is no such path.
    func methods(of path: String) -> [String] {
        let parts = path.split(separator: "/", omittingEmptySubsequences: true)
        let matches = routes.filter { Self.matches($0.path, parts) }
        var methods = Set(matches.map(\.method.rawValue))
        if methods.contains("GET") { methods.insert("HEAD") }
        return methods.sorted()
    }

    private static func matches(_ pattern: String, _ parts: [Substring]) -> Bool {
        let wanted = pattern.split(separator: "/")
        if wanted.last == "**" {
            return parts.count >= wanted.count && zip(wanted.dropLast(), parts).allSatisfy { $0 == $1 }
        }
        return wanted.count == parts.count && zip(wanted, parts).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }

    private static func key(_ method: HTTPRequest.Method, _ path: String) -> String { "\(method.rawValue) \(path)" }

    func router(behind middlewares: [any MiddlewareProtocol<Request, Response, APIContext>]) -> Router<APIContext> {
        let router = Router(context: APIContext.self, options: .autoGenerateHeadEndpoints)
        for middleware in middlewares { router.add(middleware: middleware) }
        for route in routes { router.on(RouterPath(route.path), method: route.method, use: route.handler) }
        return router
    }
}

import Foundation
import Hummingbird
import WarrenAPIModel
import WarrenController

/// The description of the API that clients can be made from (OpenAPI 3.1), which is the table of routes in other words.
enum OpenAPI {
    static let path = "/v1/openapi.json"

    /// The route that serves the description of `routes` and itself.
    static func route(over routes: [Route]) -> Route {
        Route(
            .get, path, .anyone, "getOpenAPI", "This description.", answer: .content("application/json")
        ) { _, _ in try JSONAnswer.response(document(of: routes + [route(over: [])])) }
    }

    static func document(of routes: [Route]) throws -> JSONTree {
        let book = SchemaBook()
        let problem = try book.schema(of: APIMessage.Problem.self)
        var paths: [String: JSONTree] = [:]
        for route in routes where route.isDescribed {
            paths[route.path] = (paths[route.path] ?? [:]).with(
                route.method.rawValue.lowercased(), try operation(route, book))
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Warren", "version": .text(Controller.version),
                "description": "The operators' API of a mesh's controller. Times are RFC 3339, in UTC.",
            ],
            "servers": [["url": "/"]],
            "security": [["bearer": []], ["session": []]],
            "paths": .object(paths),
            "components": [
                "schemas": .object(book.components.mapValues { .schema($0) }),
                "responses": [
                    "Problem": [
                        "description": "It was refused, or failed (RFC 9457).",
                        "content": ["application/problem+json": ["schema": .schema(problem)]],
                    ]
                ],
                "securitySchemes": [
                    "bearer": ["type": "http", "scheme": "bearer"],
                    "session": [
                        "type": "apiKey", "in": "cookie", "name": .text(Entrance.tls(names: []).cookieName),
                        "description": "Given by POST /v1/session; what changes something wants an 'Origin', too.",
                    ],
                ],
            ],
        ]
    }

    private static func operation(_ route: Route, _ book: SchemaBook) throws -> JSONTree {
        var operation: [String: JSONTree] = [
            "operationId": .text(route.operation), "summary": .text(route.summary),
            "tags": [.text(String(route.path.split(separator: "/").dropFirst().first ?? "mesh"))],
        ]
        switch route.access {
        case .anyone: operation["security"] = []
        case .least(let role): operation["description"] = .text("Wants the role \(role.rawValue).")
        }
        if !route.parameters.isEmpty {
            operation["parameters"] = .list(
                route.parameters.map { parameter in
                    [
                        "name": .text(parameter.name), "in": parameter.isInPath ? "path" : "query",
                        "required": .flag(parameter.isRequired), "description": .text(parameter.summary),
                        "schema": .schema(parameter.schema),
                    ]
                })
        }
        if let body = route.body {
            operation["requestBody"] = [
                "required": .flag(!body.mayBeEmpty),
                "content": ["application/json": ["schema": .schema(try body.shape.schema(book))]],
            ]
        }
        operation["responses"] = try responses(route, book)
        return .object(operation)
    }

    private static func responses(_ route: Route, _ book: SchemaBook) throws -> JSONTree {
        var answer: [String: JSONTree] = ["description": .text(route.answer.status.reasonPhrase)]
        if let type = route.answer.type {
            let schema = try route.answer.shape?.schema(book)
            answer["content"] = [type: schema.map { ["schema": .schema($0)] } ?? [:]]
        }
        var responses: [String: JSONTree] = ["\(route.answer.status.code)": .object(answer)]
        for status in route.problems { responses["\(status)"] = ["$ref": "#/components/responses/Problem"] }
        return .object(responses)
    }
}

extension Route {
    /// Pages and their files are for browsers alone.
    var isDescribed: Bool { path.hasPrefix("/v1/") || path == "/metrics" }

    /// The statuses that it may answer with when it does not do what it is for.
    var problems: [Int] {
        let always = [400, 404, 406, 421, 429, 500, 503]
        let ofCredentials = access == .anyone ? [] : [401, 403]
        let ofBody = body == nil ? [] : [408, 413, 415]
        return Set(always + ofCredentials + ofBody + refusals).sorted()
    }
}

import Foundation

/// The parameters of a URI's query, each at most once.
struct Query {
    private var values: [String: String] = [:]

    init(_ text: String?) throws {
        for part in (text ?? "").split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = String(pair[0]).removingPercentEncoding,
                let value = (pair.count == 2 ? String(pair[1]) : "").removingPercentEncoding
            else { throw Refusal(.badRequest, "the query is not percent-encoded UTF-8") }
            guard values.updateValue(value, forKey: name) == nil else {
                throw Refusal(.badRequest, "the query has '\(name.prefix(64))' twice")
            }
        }
    }

    /// The values, all of which the route knows and admits.
    func checked(against route: Route) throws -> [String: String] {
        let parameters = route.parameters.filter { !$0.isInPath }
        for name in values.keys.sorted() where !parameters.contains(where: { $0.name == name }) {
            throw Refusal(.badRequest, "this route has no parameter '\(name.prefix(64))'")
        }
        for parameter in parameters {
            guard let value = values[parameter.name] else {
                if parameter.isRequired { throw Refusal(.badRequest, "the parameter '\(parameter.name)' is missing") }
                continue
            }
            guard parameter.admits(value) else {
                throw Refusal(.badRequest, "'\(parameter.name)' is not \(parameter.expectation)")
            }
        }
        return values
    }
}

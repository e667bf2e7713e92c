import Hummingbird

/// Whether both sides speak of the same types of content (RFC 9110, 8.3 and 12.5.1).
enum Negotiation {
    static func check(_ request: Request, against route: Route) throws {
        if route.body != nil, let type = request.headers[.contentType], essence(of: type[...]) != "application/json" {
            throw Refusal(
                .unsupportedMediaType, "this route takes application/json", headers: [.accept: "application/json"])
        }
        guard let accepted = request.headers[.accept], let offered = route.answer.type.map({ essence(of: $0[...]) }) else {
            return
        }
        guard accepted.split(separator: ",").contains(where: { admits($0, offered) }) else {
            throw Refusal(.notAcceptable, "this route answers \(offered)")
        }
    }

    private static func admits(_ range: Substring, _ offered: String) -> Bool {
        let isRefused = range.split(separator: ";").dropFirst().contains { parameter in
            let weight = parameter.filter { $0 != " " }.lowercased()
            return weight.hasPrefix("q=0") && weight.dropFirst(3).allSatisfy { $0 == "." || $0 == "0" }
        }
        guard !isRefused else { return false }
        let range = essence(of: range)
        return range == "*/*" || range == offered
            || (range.hasSuffix("/*") && offered.hasPrefix(range.dropLast()))
    }

    /// The type without its parameters, in lower case.
    private static func essence(of type: Substring) -> String {
        (type.split(separator: ";", maxSplits: 1).first ?? "").trimmingCharacters(in: .whitespaces).lowercased()
    }
}

import Foundation

/// Holds JSON against the schemas of an OpenAPI document, as far as ours use JSON schema.
struct SchemaCheck {
    let document: [String: Any]

    init(_ data: Data) throws {
        document = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    }

    /// What is wrong, by the place where.
    func faults(in value: Any, against schema: [String: Any], at place: String = "") -> [String] {
        if let reference = schema["$ref"] as? String {
            guard let target = self[reference] else { return ["\(place): no schema '\(reference)'"] }
            return faults(in: value, against: target, at: place)
        }
        if let choices = schema["anyOf"] as? [[String: Any]] {
            let fits = choices.contains { faults(in: value, against: $0, at: place).isEmpty }
            return fits ? [] : ["\(place): fits none of the choices"]
        }
        switch schema["type"] as? String {
        case "object": return members(value, schema, place)
        case "array":
            guard let list = value as? [Any] else { return ["\(place): no list"] }
            let items = schema["items"] as? [String: Any] ?? [:]
            return list.enumerated().flatMap { faults(in: $1, against: items, at: "\(place)[\($0)]") }
        case "string":
            guard let text = value as? String else { return ["\(place): no text"] }
            return Self.text(text, schema, place)
        case "integer":
            guard let number = Self.number(value), number.doubleValue == number.doubleValue.rounded() else {
                return ["\(place): no integer"]
            }
            let isWithin =
                number.doubleValue >= (Self.number(schema["minimum"])?.doubleValue ?? -.infinity)
                && number.doubleValue <= (Self.number(schema["maximum"])?.doubleValue ?? .infinity)
            return isWithin ? [] : ["\(place): \(number) is out of range"]
        case "number": return Self.number(value) == nil ? ["\(place): no number"] : []
        case "null": return value is NSNull ? [] : ["\(place): not null"]
        case "boolean": return Self.isFlag(value) ? [] : ["\(place): neither true nor false"]
        case let type: return ["\(place): the schema has the type \(type ?? "none")"]
        }
    }

    private func members(_ value: Any, _ schema: [String: Any], _ place: String) -> [String] {
        guard let object = value as? [String: Any] else { return ["\(place): no object"] }
        if let values = schema["additionalProperties"] as? [String: Any] {
            let names = schema["propertyNames"] as? [String: Any] ?? ["type": "string"]
            return object.flatMap { name, member in
                faults(in: name, against: names, at: "\(place).\(name) (its name)")
                    + faults(in: member, against: values, at: "\(place).\(name)")
            }
        }
        let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
        let missing = (schema["required"] as? [String] ?? []).filter { object[$0] == nil }
        return missing.map { "\(place).\($0) is missing" }
            + object.flatMap { name, member in
                properties[name].map { faults(in: member, against: $0, at: "\(place).\(name)") }
                    ?? ["\(place).\(name) is in no schema"]
            }
    }

    private static func text(_ text: String, _ schema: [String: Any], _ place: String) -> [String] {
        if let values = schema["enum"] as? [String], !values.contains(text) { return ["\(place): '\(text)' is no choice"] }
        if let length = schema["maxLength"] as? Int, text.count > length { return ["\(place): '\(text)' is too long"] }
        if let pattern = schema["pattern"] as? String, text.range(of: pattern, options: .regularExpression) == nil {
            return ["\(place): '\(text)' does not match \(pattern)"]
        }
        return []
    }

    /// True and false are numbers to Foundation, too.
    private static func isFlag(_ value: Any) -> Bool {
        (value as? NSNumber).map { String(cString: $0.objCType) == "c" } ?? false
    }
    private static func number(_ value: Any?) -> NSNumber? {
        (value as? NSNumber).flatMap { isFlag($0) ? nil : $0 }
    }

    private subscript(_ reference: String) -> [String: Any]? {
        var value: Any = document
        for part in reference.split(separator: "/").dropFirst() {
            guard let next = (value as? [String: Any])?[String(part)] else { return nil }
            value = next
        }
        return value as? [String: Any]
    }

    /// What is wrong with the answer of an operation: its status, its type or its body.
    func faults(method: String, path: String, status: Int, type: String, body: Data) -> [String] {
        let paths = document["paths"] as? [String: [String: Any]] ?? [:]
        let parts = path.split(separator: "?", maxSplits: 1)[0].split(separator: "/")
        let match = paths.filter { Self.matches($0.key, parts) }.min {
            $0.key.count(where: "{".contains) < $1.key.count(where: "{".contains)
        }
        guard let operation = match?.value[method.lowercased()] as? [String: Any] else {
            return [404, 405].contains(status) ? [] : ["\(method) \(path) is not described, and answered \(status)"]
        }
        var answer = (operation["responses"] as? [String: Any])?["\(status)"] as? [String: Any]
        if let reference = answer?["$ref"] as? String { answer = self[reference] }
        guard let answer else { return ["\(method) \(path): \(status) is not described"] }
        guard let content = answer["content"] as? [String: [String: Any]] else {
            return body.isEmpty ? [] : ["\(method) \(path): \(status) has a body"]
        }
        let essence = String(type.prefix { $0 != ";" })
        guard let described = content[essence] else { return ["\(method) \(path): the type \(type) is not described"] }
        guard let schema = described["schema"] as? [String: Any] else { return [] }
        guard let value = try? JSONSerialization.jsonObject(with: body, options: .fragmentsAllowed) else {
            return ["\(method) \(path): the body is not JSON"]
        }
        return faults(in: value, against: schema, at: "\(method) \(path)")
    }

    private static func matches(_ pattern: String, _ parts: [Substring]) -> Bool {
        let wanted = pattern.split(separator: "/")
        return wanted.count == parts.count && zip(wanted, parts).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }
}

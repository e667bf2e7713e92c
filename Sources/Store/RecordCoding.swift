import Foundation
import WarrenModel

extension MeshStore {
    /// A number as a key part: 20 digits, so that keys order as numbers do.
    private static func padded(_ number: UInt64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: 20 - digits.utf8.count) + digits
    }

    static func key(_ generation: Generation) -> String { "generation/" + padded(generation.rawValue) }
    static func rolloutKey(_ generation: Generation) -> String { "rollout/" + padded(generation.rawValue) }
    static func eventKey(_ number: UInt64) -> String { "event/" + padded(number) }
    static func tokenKey(_ hash: [UInt8]) -> String {
        "token/" + hash.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    func read<Value: Decodable>(
        _ key: String, as type: Value.Type
    ) async throws(StoreError) -> (value: Value, revision: StoreRevision)? {
        guard let entry = try await store.get(key) else { return nil }
        return (try Self.decode(entry), entry.revision)
    }

    static func decode<Value: Decodable>(_ entry: StoredEntry, as type: Value.Type = Value.self) throws(StoreError) -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(entry.value))
        } catch {
            throw .corrupt(key: entry.key, reason: "\(error)")
        }
    }

    /// Throws for a value that JSON has no text for, which none of the records holds.
    static func encode(_ value: some Encodable) throws(StoreError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(value))
        } catch {
            throw .failed(reason: "cannot encode \(type(of: value)): \(error)")
        }
    }
}

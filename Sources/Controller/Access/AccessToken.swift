import Crypto
import Foundation

/// The text of an operator's token: `warren_` with an id that is no secret, and 64 hexadecimal digits that are.
struct AccessToken: Sendable {
    static let prefix = "warren_"
    let id: String
    let secret: String

    var text: String { "\(Self.prefix)\(id)_\(secret)" }
    /// What is kept of it.
    var hash: [UInt8] { Array(SHA256.hash(data: Data(secret.utf8))) }

    init() {
        id = Self.random(bytes: 6)
        secret = Self.random(bytes: 32)
    }

    init?(_ text: String) {
        guard text.hasPrefix(Self.prefix) else { return nil }
        let parts = text.dropFirst(Self.prefix.count).split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 12, parts[1].utf8.count == 64 else { return nil }
        id = String(parts[0])
        secret = String(parts[1])
    }

    /// Hexadecimal digits of so many bytes from the system's generator.
    static func random(bytes count: Int) -> String {
        SymmetricKey(size: .init(bitCount: count * 8)).withUnsafeBytes { CertificateAuthority.hexadecimal($0) }
    }

    /// 1 to 64 of letters, digits and `.-_@`, beginning with a letter or a digit.
    static func isName(_ text: String) -> Bool {
        let bytes = text.utf8
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
        }
        return (1...64).contains(bytes.count) && bytes.first.map(isAlphanumeric) == true
            && bytes.allSatisfy { isAlphanumeric($0) || [45, 46, 95, 64].contains($0) }
    }
}

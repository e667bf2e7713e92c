import Crypto

/// SHA-256, as the agent uses it on files and certificates.
enum Checksum {
    static let length = 32
    static func of(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }
}

import Crypto
import WarrenModel

extension PseudoRandomFunction {
    /// Length of its output, and of the keys that it prefers, in bytes (RFC 4868, 2.1.2).
    var outputLength: Int { self == .prfsha256 ? 32 : 48 }

    /// The number in a proposal (RFC 4868, 4).
    var transformID: UInt16 { self == .prfsha256 ? 5 : 6 }

    /// prf(key, data): HMAC with SHA-2.
    func callAsFunction(_ key: SecretBytes, _ data: [UInt8]) -> SecretBytes {
        let key = key.withBytes { SymmetricKey(data: $0) }
        switch self {
        case .prfsha256:
            return HMAC<SHA256>.authenticationCode(for: data, using: key).withUnsafeBytes { SecretBytes($0) }
        case .prfsha384:
            return HMAC<SHA384>.authenticationCode(for: data, using: key).withUnsafeBytes { SecretBytes($0) }
        }
    }

    /// prf+ (RFC 7296, 2.13): `lengths` bytes of key stream, cut into pieces in that order.
    func plus(_ key: SecretBytes, _ seed: [UInt8], lengths: [Int]) -> [SecretBytes] {
        let total = lengths.reduce(0, +)
        var stream: [UInt8] = [], block: [UInt8] = []
        var counter: UInt8 = 0
        while stream.count < total {
            counter += 1
            var input = block + seed + [counter]
            block = self(key, input).withBytes { Array($0) }
            stream += block
            erase(&input)
        }
        var pieces: [SecretBytes] = [], start = 0
        for length in lengths {
            pieces.append(SecretBytes(stream[start..<start + length]))
            start += length
        }
        erase(&stream)
        erase(&block)
        return pieces
    }
}

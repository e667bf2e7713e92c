import Crypto
import WarrenModel

/// Stateless cookies (RFC 7296, 2.6): a MAC of what the initiator sent, under a secret that changes.
struct CookieJar: Sendable {
    private static let lifetime = Duration.seconds(60)
    private var secrets: [(version: UInt8, secret: SecretBytes, since: MonotonicTime)] = []

    mutating func issue(
        nonce: [UInt8], remote: Endpoint, spi: IKESPI, now: MonotonicTime, random: inout some RandomNumberGenerator
    ) -> [UInt8] {
        if secrets.first.map({ now.since($0.since) >= Self.lifetime }) ?? true {
            let version = (secrets.first?.version ?? 0) &+ 1
            secrets = [(version, SecretBytes(randomBytes(32, using: &random)), now)] + secrets.prefix(1)
        }
        guard let newest = secrets.first else { return [] }
        return Self.cookie(newest.version, newest.secret, nonce, remote, spi)
    }

    func accepts(_ cookie: [UInt8], nonce: [UInt8], remote: Endpoint, spi: IKESPI, now: MonotonicTime) -> Bool {
        guard let entry = secrets.first(where: { $0.version == cookie.first }), now.since(entry.since) < Self.lifetime * 2
        else { return false }
        return SecretBytes(Self.cookie(entry.version, entry.secret, nonce, remote, spi)) == SecretBytes(cookie)
    }

    private static func cookie(
        _ version: UInt8, _ secret: SecretBytes, _ nonce: [UInt8], _ remote: Endpoint, _ spi: IKESPI
    ) -> [UInt8] {
        var writer = ByteWriter()
        writer.append(nonce)
        writer.append(remote.address.bytes)
        writer.uint16(remote.port)
        writer.uint64(spi.rawValue)
        return [version] + PseudoRandomFunction.prfsha256(secret, writer.bytes).withBytes { Array($0) }
    }
}

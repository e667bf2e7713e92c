import Crypto
import FoundationEssentials
import WarrenTrust

/// The certificate that the gateway is asking for, see `CertificateAttempt`: its key is on disk before the controller hears of it,
/// so that an answer that got lost can be had again.
struct CertificateRequestFile {
    static let name = "request.json"

    typealias Attempt = CertificateAttempt<P256.Signing.PrivateKey>

    private struct Stored: Codable {
        var purpose: Attempt.Purpose
        var privateKey: String
    }

    let directory: StateDirectory

    /// What was begun for `purpose`, or a new one, which is kept when this returns.
    func begin(_ purpose: Attempt.Purpose) throws(AgentError) -> Attempt {
        if let resumed = Attempt.resumed(try kept(), for: purpose) { return resumed }
        let attempt = Attempt(purpose: purpose, key: P256.Signing.PrivateKey())
        let bytes: [UInt8]
        do {
            bytes = Array(try JSONEncoder().encode(Stored(purpose: purpose, privateKey: attempt.key.pemRepresentation)))
        } catch { throw AgentError(.storage, "the key for a certificate cannot be written down") }
        try directory.write(Self.name, bytes)
        return attempt
    }

    /// Nil also for one that cannot be read: nobody can ask with it again.
    func kept() throws(AgentError) -> Attempt? {
        guard let bytes = try directory.read(Self.name), let stored = try? JSONDecoder().decode(Stored.self, from: Data(bytes)),
            let key = try? P256.Signing.PrivateKey(pemRepresentation: stored.privateKey)
        else { return nil }
        return Attempt(purpose: stored.purpose, key: key)
    }

    /// The answer is on disk. One that stays behind is never asked for again.
    func forget() { try? directory.remove(Self.name) }
}

import Crypto
import FoundationEssentials
import SwiftASN1
import WarrenModel
import WarrenTrust
import X509

/// Who the agent is: its site, its key, and what the mesh's authority certified. One file, 0600, replaced whole; from a renewal
/// on, a second one is what it was before.
public struct AgentIdentity: Sendable, Equatable, CustomStringConvertible {
    static let name = "identity.json"
    static let formerName = "identity.former.json"

    public let site: SiteName
    public let mesh: String
    /// The host that the agent enrolled with, where its controller is unless it is told otherwise.
    public let controllerHost: String
    let privateKey: P256.Signing.PrivateKey
    /// DER; the agent's own first, the authority's last.
    let certificates: [[UInt8]]

    public var description: String { "<identity of site \(site) in mesh \(mesh)>" }

    public static func == (a: AgentIdentity, b: AgentIdentity) -> Bool {
        a.site == b.site && a.mesh == b.mesh && a.controllerHost == b.controllerHost && a.certificates == b.certificates
            && a.privateKey.publicKey.rawRepresentation == b.privateKey.publicKey.rawRepresentation
    }

    var authority: [UInt8] { certificates.last ?? [] }

    /// Takes what the controller answered to a certificate request: the chain must certify `privateKey`, be signed by the
    /// authority that the agent knows already, and stand now.
    init(
        site: SiteName, mesh: String, controllerHost: String, privateKey: P256.Signing.PrivateKey, chain: [[UInt8]],
        authority: [UInt8], now: Date
    ) throws(AgentError) {
        guard chain.count >= 2, let own = chain.first, chain.last == authority else {
            throw AgentError(.untrusted, "the controller's answer is not a chain from this mesh's authority")
        }
        let leaf = try Self.certificate(own), root = try Self.certificate(authority)
        guard leaf.publicKey == Certificate.PublicKey(privateKey.publicKey) else {
            throw AgentError(.untrusted, "the controller's certificate is for another key")
        }
        guard chain.count > 2 || root.publicKey.isValidSignature(leaf.signature, for: leaf) else {
            throw AgentError(.untrusted, "the controller's certificate is not signed by this mesh's authority")
        }
        guard leaf.notValidBefore <= now, now < leaf.notValidAfter else {
            throw AgentError(
                .untrusted,
                "the new certificate stands from \(leaf.notValidBefore) to \(leaf.notValidAfter): is the clock right?")
        }
        self.site = site
        self.mesh = mesh
        self.controllerHost = controllerHost
        self.privateKey = privateKey
        certificates = chain
    }

    /// When the agent's certificate begins and ends to stand.
    func validity() throws(AgentError) -> (begin: Date, end: Date) {
        let leaf = try Self.certificate(certificates.first ?? [])
        return (leaf.notValidBefore, leaf.notValidAfter)
    }

    /// A certificate request (RFC 2986) in DER, for `key`. The controller takes only the key from it.
    static func certificateRequest(site: SiteName, key: P256.Signing.PrivateKey) throws(AgentError) -> [UInt8] {
        do {
            let request = try CertificateSigningRequest(
                version: .v1, subject: DistinguishedName { CommonName(site.description) }, privateKey: .init(key),
                attributes: .init(), signatureAlgorithm: .ecdsaWithSHA256)
            var serializer = DER.Serializer()
            try serializer.serialize(request)
            return serializer.serializedBytes
        } catch { throw AgentError(.invalid, "cannot make a certificate request: \(error)") }
    }

    static func certificate(_ bytes: [UInt8]) throws(AgentError) -> Certificate {
        do { return try Certificate(derEncoded: bytes) } catch {
            throw AgentError(.untrusted, "the controller sent something that is not a certificate")
        }
    }
}

extension AgentIdentity {
    private struct Stored: Codable {
        var site: SiteName
        var mesh: String
        var controllerHost: String
        var privateKey: String
        var certificates: [Data]
    }

    /// The identity in `directory`, or nil when the agent has not enrolled.
    public static func load(from directory: StateDirectory) throws(AgentError) -> AgentIdentity? {
        let memory = try memory(of: directory)
        if let usable = memory.usable { return usable }
        guard memory.newest.isThere else { return nil }
        throw AgentError(.storage, "\(directory.file(name)) cannot be read as an identity: enrol again with --force")
    }

    static func memory(of directory: StateDirectory) throws(AgentError) -> IdentityMemory<AgentIdentity> {
        IdentityMemory(newest: try kept(name, in: directory), former: try kept(formerName, in: directory))
    }

    private static func kept(
        _ name: String, in directory: StateDirectory
    ) throws(AgentError) -> KeptIdentity<AgentIdentity> {
        guard let bytes = try directory.read(name) else { return .none }
        guard let stored = try? JSONDecoder().decode(Stored.self, from: Data(bytes)),
            let key = try? P256.Signing.PrivateKey(pemRepresentation: stored.privateKey)
        else { return .unreadable }
        return .whole(
            AgentIdentity(
                site: stored.site, mesh: stored.mesh, controllerHost: stored.controllerHost, privateKey: key,
                certificates: stored.certificates.map { Array($0) }))
    }

    /// Stores what takes the place of another certificate of the same agent: if it cannot be read one day, that is there still.
    func storeRenewed(in directory: StateDirectory) throws(AgentError) {
        if try Self.memory(of: directory).isNewestWhole { try directory.duplicate(Self.name, as: Self.formerName) }
        try store(in: directory)
    }

    /// Stores what the gateway is from now on, and forgets what it was.
    func storeEnrolled(in directory: StateDirectory) throws(AgentError) {
        try directory.remove(Self.formerName)
        try store(in: directory)
    }

    private func store(in directory: StateDirectory) throws(AgentError) {
        let stored = Stored(
            site: site, mesh: mesh, controllerHost: controllerHost, privateKey: privateKey.pemRepresentation,
            certificates: certificates.map { Data($0) })
        let bytes: [UInt8]
        do { bytes = Array(try JSONEncoder().encode(stored)) } catch {
            throw AgentError(.storage, "the identity cannot be written down")
        }
        try directory.write(Self.name, bytes)
    }

    private init(
        site: SiteName, mesh: String, controllerHost: String, privateKey: P256.Signing.PrivateKey, certificates: [[UInt8]]
    ) {
        self.site = site
        self.mesh = mesh
        self.controllerHost = controllerHost
        self.privateKey = privateKey
        self.certificates = certificates
    }
}

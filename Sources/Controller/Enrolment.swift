import Crypto
import Foundation
import WarrenFailpoints
import WarrenModel
import WarrenStore
import WarrenWire
import X509

/// How agents get their certificate, and how it is told whose it is.
extension Controller {
    public static let tokenLifetimeSeconds: ClosedRange<UInt32> = 1...30 * 86400

    /// A token with which one agent may enrol once for `site`. Only the hash of its secret is kept.
    public func createToken(for site: SiteName, lifetimeSeconds: UInt32) async throws -> EnrolmentToken {
        guard let record = sites.live[site] else { throw ControllerError.unknownSite(site) }
        guard Self.tokenLifetimeSeconds.contains(lifetimeSeconds) else {
            throw ControllerError.malformed("a token lives 1 s to 30 days, not \(lifetimeSeconds) s")
        }
        var random = SystemRandomNumberGenerator()
        let secret = SecretBytes((0..<EnrolmentToken.secretLength).map { _ in UInt8.random(in: 0...255, using: &random) })
        guard
            let token = EnrolmentToken(
                site: site, authorityFingerprint: authority.fingerprint, secret: secret, controller: options.enrolmentAddress)
        else { throw ControllerError.failed("the enrolment address '\(options.enrolmentAddress ?? "")' is too long") }
        let stored = TokenRecord(site: record.id, expiresAt: now + TimeInterval(lifetimeSeconds))
        Failpoint.controllerTokenMade.pass()
        try await translatingStoreErrors { try await store.addToken(stored, hash: Self.hash(token)) }
        Failpoint.controllerTokenStored.pass()
        await note(.tokenCreated, site: site, text: "a token that lives \(lifetimeSeconds) s")
        return token
    }

    /// Trades a token for a certificate of the token's site. The token is used up only when a certificate comes of it.
    ///
    /// - Parameter site: the site that the agent takes itself for.
    /// - Returns: the certificate chain in DER, the agent's own first.
    func enrol(token text: String, site: String, request: [UInt8]) async throws -> (
        chain: [[UInt8]], mesh: String, site: SiteName
    ) {
        guard let token = EnrolmentToken(text: text) else { throw ControllerError.malformed("this is not an enrolment token") }
        guard token.authorityFingerprint == authority.fingerprint else {
            throw ControllerError.unauthenticated("the token is of another mesh")
        }
        let hash = Self.hash(token)
        let stored = try await translatingStoreErrors { try await store.usableToken(hash: hash, now: options.clock.date()) }
        guard let record = try await translatingStoreErrors({ try await store.site(stored.site) }), record.retired == nil else {
            throw ControllerError.forbidden("the token's site is in the mesh no more")
        }
        guard site == record.name.description else {
            throw ControllerError.forbidden("the token is for site '\(record.name)', not for the site that the agent asks for")
        }
        Failpoint.controllerEnrolChecked.pass()
        let identity = SiteIdentity(name: record.name, id: record.id)
        let issued = try authority.issueAgent(for: identity, request: request, now: now, lifetime: options.agentLifetime)
        let fingerprint = CertificateAuthority.fingerprint(of: issued.certificate)
        let agent = AgentRecord(site: record.id, fingerprint: fingerprint, enrolledAt: now, certificateEnds: issued.ends)
        Failpoint.controllerEnrolIssued.pass()
        try await translatingStoreErrors {
            try await store.consumeToken(hash: hash, now: options.clock.date(), enrolling: agent)
        }
        Failpoint.controllerEnrolStored.pass()
        enrolled.insert(record.id)
        sessions[record.id]?.end(.unauthenticated("another agent was enrolled for site '\(record.name)'"))
        await note(.agentEnrolled, site: record.name, text: "an agent enrolled; its certificate ends \(issued.ends)")
        return ([issued.certificate, authority.encoded], control.mesh?.mesh ?? "", record.name)
    }

    /// A new certificate for the site that `certificate` speaks for. The old one holds until the new one is first used.
    func renew(_ certificate: Certificate, request: [UInt8]) async throws -> (chain: [[UInt8]], mesh: String, site: SiteName) {
        let (record, fingerprint) = try await authenticate(certificate)
        if let retired = record.retired {
            throw ControllerError.forbidden(
                Self.farewell(to: record, retired: retired, isBack: sites.live[record.name] != nil))
        }
        let issued = try authority.issueAgent(
            for: SiteIdentity(name: record.name, id: record.id), request: request, now: now,
            lifetime: options.agentLifetime)
        let agent = AgentRecord(
            site: record.id, fingerprint: CertificateAuthority.fingerprint(of: issued.certificate), enrolledAt: now,
            certificateEnds: issued.ends, renews: fingerprint)
        guard let enrolled = try await translatingStoreErrors({ try await store.agent(of: record.id) }) else {
            throw ControllerError.unauthenticated("no agent is enrolled for site '\(record.name)'")
        }
        Failpoint.controllerRenewalIssued.pass()
        try await translatingStoreErrors {
            try await store.replaceAgent(withFingerprint: enrolled.fingerprint, by: agent)
        }
        Failpoint.controllerRenewalStored.pass()
        await note(.certificateRenewed, site: record.name, text: "the agent's new certificate ends \(issued.ends)")
        return ([issued.certificate, authority.encoded], control.mesh?.mesh ?? "", record.name)
    }

    /// Whose certificate this is. TLS has verified that the mesh's authority issued it; here it must also be the one that
    /// is enrolled for its site now. Called for every stream: a resumed TLS session verifies nothing anew.
    func authenticate(_ certificate: Certificate) async throws -> (site: SiteRecord, fingerprint: String) {
        guard let identity = SiteIdentity(certificate, meshID: authority.meshID),
            let encoded = try? certificate.serializeAsPEM().derBytes,
            (certificate.notValidBefore...certificate.notValidAfter).contains(now)
        else { throw ControllerError.unauthenticated("the certificate is not one of this mesh's agents, or has ended") }
        let fingerprint = CertificateAuthority.fingerprint(of: encoded)
        guard let record = try await translatingStoreErrors({ try await store.site(identity.id) }),
            record.name == identity.name,
            let agent = try await translatingStoreErrors({ try await store.agent(of: identity.id) }),
            fingerprint == agent.fingerprint || fingerprint == agent.renews
        else {
            throw ControllerError.unauthenticated(
                "the certificate is not the one enrolled for site '\(identity.name)' now: it was revoked, or another agent was "
                    + "enrolled since. If this is the site's gateway, enrol it anew, with a token of 'warren token create "
                    + "\(identity.name)'")
        }
        if fingerprint == agent.fingerprint, agent.renews != nil {
            let settled = AgentRecord(
                site: agent.site, fingerprint: fingerprint, enrolledAt: agent.enrolledAt, certificateEnds: agent.certificateEnds
            )
            try await translatingStoreErrors { try await store.replaceAgent(withFingerprint: fingerprint, by: settled) }
            Failpoint.controllerRenewalSettled.pass()
        }
        return (record, fingerprint)
    }

    private static func hash(_ token: EnrolmentToken) -> [UInt8] {
        token.secret.withBytes { Array(SHA256.hash(data: $0)) }
    }
}

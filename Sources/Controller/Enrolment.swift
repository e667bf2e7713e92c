import Crypto
import Foundation
import WarrenFailpoints
import WarrenModel
import WarrenStore
import WarrenTrust
import WarrenWire
import X509

/// How agents get their certificate, and how it is told whose it is.
extension Controller {
    public static let tokenLifetimeSeconds: ClosedRange<UInt32> = 1...30 * 86400

    /// A token with which one agent may enrol once for `site`, in place of those that nobody has used yet. Only the hash of its secret is
    /// kept.
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
        let created = now
        let stored = TokenRecord(site: record.id, expiresAt: created + TimeInterval(lifetimeSeconds))
        Failpoint.controllerTokenMade.pass()
        try await translatingStoreErrors { try await store.addToken(stored, hash: Self.hash(token), now: created) }
        Failpoint.controllerTokenStored.pass()
        await note(.tokenCreated, site: site, text: "a token that lives \(lifetimeSeconds) s")
        return token
    }

    /// Trades a token for a certificate of the token's site. The token is used up only when a certificate comes of it; the holder of
    /// the same key gets that again.
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
        let hash = Self.hash(token), key = try CertificateAuthority.RequestedKey(request: request)
        let stored = try await usableToken(hash, by: key)
        guard let record = try await translatingStoreErrors({ try await store.site(stored.site) }), record.retired == nil else {
            throw ControllerError.forbidden("the token's site is in the mesh no more")
        }
        guard site == record.name.description else {
            throw ControllerError.forbidden("the token is for site '\(record.name)', not for the site that the agent asks for")
        }
        if let issued = stored.issued { return chain(issued.certificate, of: record) }
        Failpoint.controllerEnrolChecked.pass()
        let identity = SiteIdentity(name: record.name, id: record.id)
        let issued = try authority.issueAgent(for: identity, key: key, now: now, lifetime: options.agentLifetime)
        let use = TokenRecord.Issued(
            certificate: Data(issued.certificate), fingerprint: CertificateAuthority.fingerprint(of: issued.certificate),
            key: key.fingerprint)
        let agent = AgentRecord(
            site: record.id, fingerprint: use.fingerprint, enrolledAt: now, certificateEnds: issued.ends, key: use.key)
        Failpoint.controllerEnrolIssued.pass()
        guard try await consumeToken(hash, for: use, enrolling: agent) else {
            // Meanwhile; perhaps by the same agent, which gave up waiting for the answer to an earlier call.
            guard let used = try await usableToken(hash, by: key).issued else {
                throw ControllerError.unavailable("the token is being used by another call")
            }
            return chain(used.certificate, of: record)
        }
        Failpoint.controllerEnrolStored.pass()
        enrolled.insert(record.id)
        sessions[record.id]?.end(.unauthenticated("another agent was enrolled for site '\(record.name)'"))
        await note(.agentEnrolled, site: record.name, text: "an agent enrolled; its certificate ends \(issued.ends)")
        return chain(use.certificate, of: record)
    }

    private func usableToken(_ hash: [UInt8], by key: CertificateAuthority.RequestedKey) async throws -> TokenRecord {
        let now = options.clock.date()
        return try await translatingStoreErrors { try await store.usableToken(hash: hash, by: key.fingerprint, now: now) }
    }

    /// False when somebody else has used it.
    private func consumeToken(
        _ hash: [UInt8], for use: TokenRecord.Issued, enrolling agent: AgentRecord
    ) async throws -> Bool {
        let now = options.clock.date()
        return try await translatingStoreErrors {
            do {
                try await store.consumeToken(hash: hash, for: use, now: now, enrolling: agent)
                return true
            } catch StoreError.tokenUsed { return false }
        }
    }

    private func chain(_ certificate: Data, of site: SiteRecord) -> (chain: [[UInt8]], mesh: String, site: SiteName) {
        ([Array(certificate), authority.encoded], control.mesh?.mesh ?? "", site.name)
    }

    /// A new certificate for the site that `certificate` speaks for. The old one holds until the new one is first used; until then
    /// the same key gets the same new one.
    func renew(_ certificate: Certificate, request: [UInt8]) async throws -> (chain: [[UInt8]], mesh: String, site: SiteName) {
        let (record, fingerprint) = try await authenticate(certificate)
        if let retired = record.retired {
            throw ControllerError.forbidden(
                Self.farewell(to: record, retired: retired, isBack: sites.live[record.name] != nil))
        }
        let key = try CertificateAuthority.RequestedKey(request: request)
        let former = try await translatingStoreErrors({ try await store.agent(of: record.id) })
        // Another agent may have been enrolled since the certificate was looked at.
        switch former?.certificates.renewal(of: fingerprint, for: key.fingerprint) {
        case nil, .refused: throw ControllerError.unauthenticated("the certificate is not good for '\(record.name)' any more")
        case .issuedBefore: if let unseen = former?.unseen { return chain(unseen, of: record) }
        case .issued: break
        }
        let issued = try authority.issueAgent(
            for: SiteIdentity(name: record.name, id: record.id), key: key, now: now, lifetime: options.agentLifetime)
        let agent = AgentRecord(
            site: record.id, fingerprint: CertificateAuthority.fingerprint(of: issued.certificate), enrolledAt: now,
            certificateEnds: issued.ends, key: key.fingerprint, renews: fingerprint, unseen: Data(issued.certificate))
        Failpoint.controllerRenewalIssued.pass()
        try await translatingStoreErrors { if let former { try await store.replace(former, by: agent) } }
        Failpoint.controllerRenewalStored.pass()
        await note(.certificateRenewed, site: record.name, text: "the agent's new certificate ends \(issued.ends)")
        return chain(Data(issued.certificate), of: record)
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
            agent.certificates.accepts(fingerprint)
        else {
            throw ControllerError.unauthenticated(
                "the certificate is not the one enrolled for site '\(identity.name)' now: it was revoked, or another agent was "
                    + "enrolled since. If this is the site's gateway, enrol it anew, with a token of 'warren token create "
                    + "\(identity.name)'")
        }
        if let settled = agent.seen(fingerprint) {
            try await translatingStoreErrors {
                // Whoever wrote meanwhile has settled it, or has enrolled another agent, which ends this one's sessions.
                do { try await store.replace(agent, by: settled) } catch StoreError.conflict {}
            }
            Failpoint.controllerRenewalSettled.pass()
        }
        return (record, fingerprint)
    }

    private static func hash(_ token: EnrolmentToken) -> [UInt8] {
        token.secret.withBytes { Array(SHA256.hash(data: $0)) }
    }
}

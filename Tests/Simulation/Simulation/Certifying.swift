import WarrenFailpoints
import WarrenModel
import WarrenTrust

/// How the controller gives out tokens and certificates: what it looks at, and, a moment later, what it writes. What is decided is
/// decided by `WarrenTrust`.
extension Simulation {
    private var clock: Double { wallClock(controller.wallClockError) }

    /// One transaction of the store; `afterwards` is what is known of it, to whoever sees all.
    func transact(_ change: (inout Controller.Store) -> Void, afterwards: () -> Void = {}) throws {
        try passController(.storeTransactionBegun)
        if controller.isDiskFull { throw DiskFault() }
        try passController(.storeTransactionWritten)
        change(&controller.store)
        afterwards()
        try passController(.storeTransactionCommitted)
    }

    /// Goes on in the same process, after what else the store does.
    private func afterStore(_ body: @escaping () -> Void) {
        let life = controller.life
        after(millisecond * UInt64(weather.number(1...4)), "the store answers") { [self] in
            if controller.isRunning, controller.life == life { body() }
        }
    }

    func serial() -> Int {
        lastSerial += 1
        return lastSerial
    }

    private func issue(_ key: Int, _ site: SiteName) -> Certificate {
        let lifetime = Double(scenario.certificateLifetime ?? 3_650 * 86_400)
        return Certificate(
            id: serial(), key: key, site: site, authority: controller.authority,
            term: CertificateTerm(now: clock, lifetime: lifetime, authorityEnd: .infinity))
    }

    // MARK: Tokens

    /// What an operator is answered, who asks for a token; nil when there is no answer, or there can be none.
    func makeToken(_ site: SiteName, lifetime: Double) -> Token? {
        guard controller.isRunning, controller.control.mesh?.sites.contains(site) == true else { return nil }
        let token = Token(id: serial(), site: site, authority: controller.authority)
        let isDone = attemptController {
            try passController(.controllerTokenMade)
            let record = TokenRecord(site: site, end: clock + lifetime)
            try transact { store in
                for (id, former) in store.tokens where former.site == site && former.use == .unused {
                    store.tokens[id]?.use = .replaced
                }
                store.tokens[token.id] = record
            } afterwards: {
                trust.replaced(site)
            }
            try passController(.controllerTokenStored)
        }
        guard isDone else { return nil }
        trust.promised(token)
        return token
    }

    private func admission(_ token: Int, _ key: Int) -> TokenUse<Int>.Admission? {
        guard let record = controller.store.tokens[token] else { return nil }
        return record.use.admission(
            of: key, isExpired: clock >= record.end, certificates: controller.store.agents[record.site]?.certificates)
    }

    // MARK: Enrolment

    func enrol(_ token: Token, _ key: Int, _ reply: @escaping (CertificateAnswer) -> Void) {
        switch admission(token.id, key) {
        case nil: return reply(.refused("nobody knows the token"))
        case .used: return reply(.refused("the token has been used"))
        case .expired: return reply(.refused("the token has expired"))
        case .replaced: return reply(.refused("another token was made since"))
        case .enrolledBefore: return answer(token, reply)
        case .enrolled: break
        }
        guard attemptController({ try passController(.controllerEnrolChecked) }) else { return }
        provokeFormerHost(token.site)
        afterStore { [self] in finishEnrolment(token, key, reply) }
    }

    private func answer(_ token: Token, _ reply: (CertificateAnswer) -> Void) {
        reply(controller.store.tokens[token.id]?.issued.map { .certificate($0) } ?? .unavailable)
    }

    private func finishEnrolment(_ token: Token, _ key: Int, _ reply: @escaping (CertificateAnswer) -> Void) {
        let certificate = issue(key, token.site)
        var isUsed = false
        let isDone = attemptController {
            try passController(.controllerEnrolIssued)
            guard controller.store.tokens[token.id]?.use == .unused else {
                isUsed = true
                return
            }
            try transact { store in
                store.tokens[token.id]?.use = .used(certificate: certificate.id, key: key)
                store.tokens[token.id]?.issued = certificate
                store.agents[token.site] = AgentRecord(
                    certificates: SiteCertificates(newest: certificate.id, key: key))
            } afterwards: {
                trust.enrolled(token, certificate)
                checkTrust(token.site)
            }
            try passController(.controllerEnrolStored)
        }
        // Somebody was faster: perhaps the same agent, by an earlier call.
        if isUsed { return admission(token.id, key) == .enrolledBefore ? answer(token, reply) : reply(.refused("used")) }
        guard isDone else { return reply(.unavailable) }
        note("\(token.site) is enrolled")
        if let number = numbers[token.site], let stream = controller.sessions[number] { refuse(stream) }
        reply(.certificate(certificate))
    }

    // MARK: Certificates that are shown

    /// Whether the certificate speaks for its site. It is known to have arrived from now on.
    func authenticate(_ certificate: Certificate) throws -> Bool {
        guard certificate.authority == controller.authority, certificate.term.holds(at: clock),
            let agent = controller.store.agents[certificate.site], agent.certificates.accepts(certificate.id)
        else { return false }
        if let settled = agent.seen(certificate.id) {
            try transact { $0.agents[certificate.site] = settled }
            try passController(.controllerRenewalSettled)
        }
        if let fault = trust.fault(accepting: certificate, controller.store) { fail(fault) }
        return true
    }

    func renew(_ certificate: Certificate, _ key: Int, _ reply: @escaping (CertificateAnswer) -> Void) {
        var isGood = false
        guard attemptController({ isGood = try authenticate(certificate) }) else { return reply(.unavailable) }
        guard isGood else { return reply(.refused("the certificate is not good any more")) }
        afterStore { [self] in
            guard let former = controller.store.agents[certificate.site] else { return reply(.refused("nobody is enrolled")) }
            switch former.certificates.renewal(of: certificate.id, for: key) {
            case .refused: return reply(.refused("the certificate is not good any more"))
            case .issuedBefore: if let unseen = former.unseen { return reply(.certificate(unseen)) }
            case .issued: break
            }
            afterStore { [self] in finishRenewal(certificate, key, former, reply) }
        }
    }

    private func finishRenewal(
        _ certificate: Certificate, _ key: Int, _ former: AgentRecord, _ reply: @escaping (CertificateAnswer) -> Void
    ) {
        let issued = issue(key, certificate.site)
        var isKept = false
        attemptController {
            try passController(.controllerRenewalIssued)
            guard controller.store.agents[certificate.site] == former else { return }
            try transact { store in
                store.agents[certificate.site] = AgentRecord(
                    certificates: former.certificates.renewed(by: issued.id, for: key, showing: certificate.id),
                    unseen: issued)
            } afterwards: {
                trust.issued(issued)
                checkTrust(certificate.site)
            }
            try passController(.controllerRenewalStored)
            isKept = true
        }
        guard isKept else { return reply(.unavailable) }
        note("\(certificate.site): its certificate is renewed")
        reply(.certificate(issued))
    }
}

import WarrenModel
import WarrenTrust

/// What is known, to whoever sees all, of tokens, keys and certificates: to hold what the controller does against.
struct TrustLedger {
    /// Which host made a key: it alone has it.
    struct Host: Equatable {
        let gateway: Int, number: Int
    }

    private var hosts: [Int: Host] = [:]
    private var certificates: [Int: Certificate] = [:]
    /// The key that enrolled with each token.
    private var tokenKeys: [Int: Int] = [:]
    /// Tokens that an operator was given, and that nothing has made void.
    private(set) var promises: [Int: Token] = [:]
    /// The host that enrolled last for each site.
    private var enrolled: [SiteName: Host] = [:]
    /// What enrolled there was revoked.
    private var revoked: Set<Int> = []
    private(set) var fault: String?

    mutating func made(_ key: Int, by gateway: Gateway) { hosts[key] = Host(gateway: gateway.number, number: gateway.host) }

    mutating func promised(_ token: Token) { promises[token.id] = token }

    /// One that was used, too: its key gets its certificate again.
    func isGood(_ token: Token) -> Bool { promises[token.id] != nil }

    mutating func expired(_ token: Token) { promises[token.id] = nil }

    /// Another token was made for the site: those that nobody has used are good no more.
    mutating func replaced(_ site: SiteName) {
        for (id, promise) in promises where promise.site == site && tokenKeys[id] == nil { promises[id] = nil }
    }

    mutating func enrolled(_ token: Token, _ certificate: Certificate) {
        if let key = tokenKeys.updateValue(certificate.key, forKey: token.id), key != certificate.key {
            fault = "a token of \(token.site) enrolled a second key"
        }
        if enrolled[token.site] != hosts[certificate.key] {
            for (id, promise) in promises where promise.site == token.site && id != token.id && tokenKeys[id] != nil {
                promises[id] = nil
            }
        }
        enrolled[token.site] = hosts[certificate.key]
        issued(certificate)
    }

    mutating func issued(_ certificate: Certificate) { certificates[certificate.id] = certificate }

    /// Neither certificates nor tokens of the site are good any more.
    mutating func revoked(_ site: SiteName) {
        enrolled[site] = nil
        for certificate in certificates.values where certificate.site == site { revoked.insert(certificate.id) }
        for (id, promise) in promises where promise.site == site { promises[id] = nil }
    }

    /// The controller is at an earlier time: what was true then is true again, and no token is good that was not used.
    mutating func restored(_ store: Controller.Store) {
        promises = [:]
        enrolled = [:]
        for (site, agent) in store.agents {
            let certificates = [agent.certificates.newest, agent.certificates.renews].compactMap { $0 }
            revoked.subtract(certificates)
            enrolled[site] = certificates.first.flatMap { self.certificates[$0] }.flatMap { hosts[$0.key] }
        }
    }

    /// What is wrong with taking the holder of this certificate for its site's gateway.
    func fault(accepting certificate: Certificate, _ store: Controller.Store) -> String? {
        if revoked.contains(certificate.id) { return "a revoked certificate of \(certificate.site) is good" }
        if let host = hosts[certificate.key], enrolled[certificate.site] != host {
            return "\(certificate.site): the host that was replaced is taken for the new one"
        }
        return nil
    }

    /// Whoever is good for a site is one host: the one that enrolled last.
    func fault(of site: SiteName, _ store: Controller.Store) -> String? {
        guard let agent = store.agents[site]?.certificates else { return nil }
        for id in [agent.newest, agent.renews].compactMap({ $0 }) {
            guard let certificate = certificates[id] else { return "\(site): a certificate is good that nobody issued" }
            if let fault = fault(accepting: certificate, store) { return fault }
        }
        return nil
    }
}

extension Simulation {
    func checkTrust(_ site: SiteName) {
        if let fault = trust.fault ?? trust.fault(of: site, controller.store) { fail(fault) }
    }

    /// What was promised is there.
    func checkPromises() {
        for token in trust.promises.values where controller.store.tokens[token.id] == nil {
            fail("a token of \(token.site) was given out, and is gone")
        }
        for site in controller.store.agents.keys { checkTrust(site) }
    }

    func newKey(_ gateway: Gateway) -> Int {
        let key = serial()
        trust.made(key, by: gateway)
        return key
    }

    // MARK: A host that is the gateway no longer

    /// It renews its certificate just when the new one enrols.
    func provokeFormerHost(_ site: SiteName) {
        guard let number = numbers[site], let former = gateways[number].formerHost else { return }
        let gateway = gateways[number], key = serial()
        trust.made(key, by: former)
        after(millisecond * UInt64(weather.number(0...5)), "a former host renews", gateway.number) { [self] in
            guard controller.isRunning else { return }
            renew(former.certificate, key) { _ in }
        }
    }

    /// Whoever found the old hardware tries what it holds.
    func tryFormerHost(_ gateway: Gateway, _ token: Token) {
        guard let former = gateway.formerHost else { return }
        let key = serial()
        trust.made(key, by: former)
        after(second * UInt64(gateway.random.number(0...20)), "a former host is tried", gateway.number) { [self] in
            guard controller.isRunning else { return }
            attemptController { _ = try authenticate(former.certificate) }
            guard controller.isRunning, controller.store.tokens[token.id]?.use != .unused else { return }
            enrol(token, key) { [self] answer in
                if case .certificate = answer { fail("a used token of \(gateway.site) was good once more") }
            }
        }
    }
}

/// Hardware that was replaced: somebody has it still.
struct FormerHost {
    let host: TrustLedger.Host
    let certificate: Certificate
}

extension TrustLedger {
    mutating func made(_ key: Int, by former: FormerHost) { made(key, by: former.host) }
    private mutating func made(_ key: Int, by host: Host) { hosts[key] = host }
}

import AgentCore
import WarrenFailpoints
import WarrenModel
import WarrenTrust

/// `warren-agent enrol` on a gateway, as whatever sets gateways up starts it: again and again, until there is nothing to do.
struct Errand {
    let token: Token
    let isForced: Bool
}

extension Simulation {
    static let identityFile = "identity", formerIdentityFile = "identity.former", requestFile = "request"

    typealias Attempt = CertificateAttempt<Int>

    private func kept(_ name: String, _ gateway: Gateway) -> KeptIdentity<Certificate> {
        switch gateway.disk.read(name) {
        case nil: .none
        case .identity(let certificate): .whole(certificate)
        default: .unreadable
        }
    }

    func identityMemory(_ gateway: Gateway) -> IdentityMemory<Certificate> {
        IdentityMemory(newest: kept(Self.identityFile, gateway), former: kept(Self.formerIdentityFile, gateway))
    }

    private func keptAttempt(_ gateway: Gateway) -> Attempt? {
        if case .request(let attempt) = gateway.disk.read(Self.requestFile) { attempt } else { nil }
    }

    /// What was begun for `purpose`, or a new one, which is on disk then.
    func begin(_ purpose: Attempt.Purpose, _ gateway: Gateway) throws -> Attempt {
        if let resumed = Attempt.resumed(keptAttempt(gateway), for: purpose) { return resumed }
        let attempt = Attempt(purpose: purpose, key: newKey(gateway))
        try gateway.disk.write(Self.requestFile, .request(attempt)) { try pass($0, gateway) }
        return attempt
    }

    // MARK: What an operator does

    /// Somebody makes a token for the gateway's site and hands it over; also again, when the first answer is lost.
    func requestToken(_ gateway: Gateway, isForced: Bool = false) {
        guard !gateway.isTokenRequested else { return }
        gateway.isTokenRequested = true
        after(second * UInt64(gateway.random.number(0...3)), "a token is asked for", gateway.number) { [self] in
            gateway.isTokenRequested = false
            guard gateway.errand == nil else { return }
            if controller.isRunning, controller.control.mesh?.sites.contains(gateway.site) != true { return }
            let isBrief = gateway.random.chance(100)
            guard let token = makeToken(gateway.site, lifetime: isBrief ? 20 : 600), !isLost() else {
                return after(5 * second, "a token is asked for again", gateway.number) { [self] in
                    requestToken(gateway, isForced: isForced)
                }
            }
            if isBrief {
                after(20 * second, "a token expires") { [self] in
                    if controller.store.tokens[token.id]?.use == .unused { trust.expired(token) }
                }
            }
            gateway.errand = Errand(token: token, isForced: isForced)
            runErrand(gateway)
            tryFormerHost(gateway, token)
        }
    }

    /// An answer to an operator got lost.
    func isLost() -> Bool { loss > 0 && weather.chance(loss) }

    /// Whose certificate was good once, and is not since something made it so that only an operator can mend it.
    func help(_ gateway: Gateway) {
        after(second * UInt64(gateway.random.number(5...15)), "an operator helps", gateway.number) { [self] in
            requestToken(gateway, isForced: true)
        }
    }

    // MARK: What the program does

    func runErrand(_ gateway: Gateway) {
        gateway.errandRun += 1
        guard gateway.isOn, let errand = gateway.errand else { return }
        doErrand(gateway) { run in
            let isResumed = keptAttempt(gateway)?.purpose == errand.token.purpose
            guard identityMemory(gateway).mayEnrol(isForced: errand.isForced, isResumed: isResumed) else {
                gateway.errand = nil
                return startAgent(gateway)
            }
            call(gateway) { [self] reply in
                reply(controller.authority)
            } then: { [self] authority in
                goOn(gateway, run) { [self] in
                    guard let authority else { return retryErrand(gateway) }
                    guard authority == errand.token.authority else { return fail("\(gateway.site) meets another authority") }
                    try pass(.agentEnrolTrusted, gateway)
                    let attempt = try begin(errand.token.purpose, gateway)
                    try pass(.agentEnrolKeyed, gateway)
                    ask(gateway, errand, attempt, run)
                }
            }
        }
    }

    private func ask(_ gateway: Gateway, _ errand: Errand, _ attempt: Attempt, _ run: Int) {
        call(gateway) { [self] reply in
            enrol(errand.token, attempt.key, reply)
        } then: { [self] answer in
            goOn(gateway, run) { [self] in
                switch answer {
                case .certificate(let certificate): try take(certificate, gateway, errand, attempt)
                case .refused(let reason): isRefused(gateway, errand, reason)
                case .unavailable, nil: retryErrand(gateway)
                }
            }
        }
    }

    private func take(_ certificate: Certificate, _ gateway: Gateway, _ errand: Errand, _ attempt: Attempt) throws {
        try pass(.agentEnrolAnswered, gateway)
        guard certificate.key == attempt.key, certificate.site == gateway.site else {
            return fail("\(gateway.site) is given a certificate of another key")
        }
        guard certificate.term.holds(at: wallClock(gateway.wallClockError)) else { return retryErrand(gateway) }
        try gateway.disk.remove(Self.formerIdentityFile)
        try gateway.disk.write(Self.identityFile, .identity(certificate)) { try pass($0, gateway) }
        try pass(.agentEnrolStored, gateway)
        try? gateway.disk.remove(Self.requestFile)
        gateway.errand = nil
        watchTerm(of: certificate, gateway)
        // Whoever forced it starts the agent anew.
        if gateway.isAgentRunning { killAgent(gateway) } else { startAgent(gateway) }
    }

    private func isRefused(_ gateway: Gateway, _ errand: Errand, _ reason: String) {
        note("\(gateway.site) is not enrolled: \(reason)")
        if trust.isGood(errand.token) {
            return fail("\(gateway.site) holds a token that was given out, and is refused: \(reason)")
        }
        gateway.errand = nil
        help(gateway)
    }

    private func retryErrand(_ gateway: Gateway) {
        gateway.errandRun += 1
        let run = gateway.errandRun
        after(millisecond * UInt64(gateway.random.number(1_000...4_000)), "is to enrol", gateway.number) { [self] in
            if gateway.errandRun == run { runErrand(gateway) }
        }
    }

    private func goOn(_ gateway: Gateway, _ run: Int, _ body: () throws -> Void) {
        guard gateway.isOn, gateway.errandRun == run else { return }
        doErrand(gateway) { _ in try body() }
    }

    private func doErrand(_ gateway: Gateway, _ body: (Int) throws -> Void) {
        do { try body(gateway.errandRun) } catch is PowerFailure { cutPower(gateway) } catch {
            if error is Death {
                note("\(gateway.site): the agent that enrols dies")
                figures.deaths += 1
            }
            retryErrand(gateway)
        }
    }
}

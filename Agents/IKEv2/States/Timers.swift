import WarrenModel

/// What time brings: repetitions, lifetimes, liveness checks, new attempts.
extension IKEEngine {
    mutating func runTimers(now: MonotonicTime, random: inout some RandomNumberGenerator) {
        runDepartures(now: now)
        for spi in sessions.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            guard let session = sessions[spi] else { continue }
            switch session {
            case .initiating(var state):
                if state.retransmission.run(
                    now: now, tries: configuration.attemptTries, configuration: configuration, outputs: &outputs) == .waiting
                {
                    sessions[spi] = .initiating(state)
                } else {
                    sessions[spi] = nil
                    let earlier = peers[state.peer]?.lastError
                    attemptFailed(state.peer, earlier ?? "no answer to IKE_SA_INIT", now: now, random: &random)
                }
            case .authenticating(var state):
                if state.retransmission.run(
                    now: now, tries: configuration.attemptTries, configuration: configuration, outputs: &outputs) == .waiting
                {
                    sessions[spi] = .authenticating(state)
                } else {
                    sessions[spi] = nil
                    fail(state, "no answer to IKE_AUTH", now: now, random: &random)
                }
            case .accepting(let state):
                if now.since(state.createdAt) >= configuration.halfOpenLifetime { sessions[spi] = nil }
            case .closed(let state):
                if now >= state.expiresAt { sessions[spi] = nil }
            case .established(let sa): runTimers(of: sa, now: now, random: &random)
            }
        }
        for site in peers.keys.sorted() where peers[site].flatMap(\.connectAt).map({ now >= $0 }) ?? false {
            attempt(site, now: now, random: &random)
        }
    }

    private mutating func runTimers(of due: IKESA, now: MonotonicTime, random: inout some RandomNumberGenerator) {
        var sa = due
        let spi = sa.identity.ours
        if var outstanding = sa.outstanding {
            let verdict = outstanding.retransmission.run(
                now: now, tries: configuration.requestTries, configuration: configuration, outputs: &outputs)
            sa.outstanding = outstanding
            if verdict == .exhausted {
                sessions[spi] = nil
                if sa.standing == .active { log(sa.peer, .peerDead, "no answer on IKE SA \(spi)") }
                if peers[sa.peer]?.current == spi { peers[sa.peer]?.lastError = "the peer stopped answering" }
                if case .rekeyIKE(let offer) = outstanding.exchange, let rival = offer.rival {
                    adopt(rival.identifier, from: &sa, now: now)
                }
                return bury(sa, now: now, random: &random)
            }
        }
        if let expiry = sa.expiresAt, now >= expiry {
            sa.expiresAt = nil
            if sa.standing == .active { return retireAndReconnect(sa, now: now, random: &random) }
            sessions[spi] = nil
            return bury(sa, now: now, random: &random)
        }
        if sa.standing == .active {
            guard now < sa.hardAt else { return retireAndReconnect(sa, now: now, random: &random) }
            runLifetimes(&sa, now: now)
        }
        if let at = sa.keepaliveAt, now >= at {
            sa.keepaliveAt = now + configuration.keepalive
            if sa.standing == .active { outputs.append(.sendKeepalive(local: sa.path.local, remote: sa.path.remote)) }
        }
        if isStray(sa, now: now) { return retire(sa, now: now) }
        settle(sa, now: now, random: &random)
    }

    private mutating func runLifetimes(_ sa: inout IKESA, now: MonotonicTime) {
        if now >= sa.softAt, !sa.isEnding {
            sa.softAt = .never
            sa.enqueue(.rekeyIKE)
        }
        for index in sa.children.indices.reversed() {
            let child = sa.children[index]
            if case .waiting(let until, _) = child.sending, now >= until {
                if child.standing == .closing {
                    sa.children[index].sending = .withheld
                } else {
                    startSending(index, of: &sa)
                }
            }
            if now >= child.hardAt {
                if child.standing == .closing { continue }
                sa.children[index].standing = .closing
                sa.enqueue(.deleteChildren([child.inbound.spi]))
            } else if now >= child.softAt, !sa.isEnding {
                _ = queueRekey(&sa, index, now: now)
            }
        }
        // What was refused may be tried again: `wantChild` knows whether it still has to be.
        if let at = sa.childRetryAt, now >= at { sa.childRetryAt = nil }
        if let at = livenessAt(sa), now >= at { sa.enqueue(.liveness) }
    }

    /// When silence has lasted long enough to ask; nil while a request is open, because that asks already.
    private func livenessAt(_ sa: IKESA) -> MonotonicTime? {
        guard sa.standing == .active, sa.outstanding == nil, !sa.pending.contains(.liveness),
            let peer = peers[sa.peer]?.peer
        else { return nil }
        return sa.lastHeardAt + .seconds(Int64(max(peer.parameters.ike.livenessSeconds, 1)))
    }

    /// An IKE SA beside the one in use that nobody has deleted: the link's initiator does.
    private func isStray(_ sa: IKESA, now: MonotonicTime) -> Bool {
        strayAt(sa).map { now >= $0 } ?? false
    }

    private func strayAt(_ sa: IKESA) -> MonotonicTime? {
        guard sa.standing == .active, !sa.isUnconfirmed, let state = peers[sa.peer], state.peer.initiator,
            let current = state.current,
            current != sa.identity.ours, case .established(let other) = sessions[current]
        else { return nil }
        return other.createdAt + configuration.outboundSwitchLimit
    }

    private mutating func retireAndReconnect(_ sa: IKESA, now: MonotonicTime, random: inout some RandomNumberGenerator) {
        retire(sa, now: now)
        if activeSAs(of: sa.peer).isEmpty { reconnect(sa.peer, within: .milliseconds(100), now: now, random: &random) }
    }

    var earliestTimer: MonotonicTime? {
        var earliest = MonotonicTime.never
        func consider(_ time: MonotonicTime?) { if let time, time < earliest { earliest = time } }
        for gone in departing { consider(gone.at) }
        for state in peers.values { consider(state.connectAt) }
        for session in sessions.values {
            switch session {
            case .initiating(let state): consider(state.retransmission.dueAt)
            case .authenticating(let state): consider(state.retransmission.dueAt)
            case .accepting(let state): consider(state.createdAt + configuration.halfOpenLifetime)
            case .closed(let state): consider(state.expiresAt)
            case .established(let sa):
                consider(sa.outstanding?.retransmission.dueAt)
                consider(sa.expiresAt)
                if sa.outstanding == nil, !sa.pending.isEmpty { consider(sa.quietUntil) }
                consider(sa.keepaliveAt)
                guard sa.standing == .active else { continue }
                if !sa.isEnding { consider(sa.softAt) }
                consider(sa.hardAt)
                consider(sa.childRetryAt)
                consider(livenessAt(sa))
                consider(strayAt(sa))
                for child in sa.children {
                    if case .waiting(let until, _) = child.sending { consider(until) }
                    if child.standing == .active, !sa.isEnding { consider(child.softAt) }
                    if child.standing != .closing { consider(child.hardAt) }
                }
            }
        }
        return earliest == .never ? nil : earliest
    }
}

import WarrenModel

/// That there is a link, that somebody can be asked about it, and that its ends can meet.
extension Diagnosing {
    func plan() -> Findings {
        var findings = Findings()
        let status = facts.status
        switch status.state {
        case .drained:
            findings.failures = [status.reason ?? "an end of the link is drained"]
            findings.remedy = "let the site back in: 'warren site undrain SITE'"
            return findings
        case .waiting:
            findings.failures = [status.reason ?? "the public address of an end is not known"]
            findings.remedy = "start the agent that is to tell its address, or have the name resolve"
            return findings
        default: break
        }
        for end in facts.ends {
            if let tunnel = end.planned.tunnel {
                findings.facts.append(
                    "\(end.site): \(tunnel.interface) from \(tunnel.outer.local) to \(tunnel.outer.remote), MTU \(tunnel.mtu)")
            } else {
                findings.failures.append("generation \(facts.generation) has no tunnel to \(end.peer) for \(end.site)")
            }
        }
        findings.remedy = "look at what is planned: 'warren show plan \(status.link.first)'"
        return findings
    }

    func agents() -> Findings {
        var findings = Findings()
        for end in facts.ends { look(end, &findings) }
        return findings
    }

    private func look(_ end: LinkFacts.End, _ findings: inout Findings) {
        let site = end.site, before = findings.failures.count
        switch end.answer {
        case .failure(.disconnected):
            findings.failures.append("\(site): no agent is connected")
            findings.remedy = "see whether the gateway runs, and 'systemctl status warren-agent' on it"
            return
        case .failure(.timedOut):
            findings.failures.append("\(site): the agent does not answer in time")
            findings.remedy = "see the log of warren-agent on the gateway of \(site)"
            return
        case .failure(let fault):
            findings.gaps.append("\(site): \(fault)")
            return
        case .success(let observation):
            if let fault = observation.fault {
                findings.failures.append("\(site): \(fault)")
                findings.remedy = "see the logs of warren-agent and warren-tunneld on the gateway of \(site)"
            }
        }
        if let failure = end.status.failure {
            findings.failures.append("\(site): \(failure)")
            findings.remedy = findings.remedy ?? "'warren show gateway \(site)' tells more"
        } else if !end.status.isCurrent(in: facts.generation) {
            let version = end.status.version ?? .none
            let intended = end.status.intended.map { "\($0)" } ?? "generation \(facts.generation)"
            findings.failures.append("\(site): runs \(version), and shall run \(intended)")
            findings.remedy = findings.remedy ?? "'warren rollout watch' shows how far that is"
        }
        if findings.failures.count == before {
            let version = end.observation?.version ?? end.status.version ?? .none
            findings.facts.append("\(site): its agent answers, and runs \(version)")
        }
    }

    func gateway() -> Findings {
        eachSeenEnd { end, seen, findings in
            guard let outer = seen.wanted.tunnel?.outer else {
                return findings.gaps.append("\(end.site): it knows no tunnel to \(end.peer)")
            }
            if let fault = seen.evidence.outerRouteFault {
                findings.failures.append("\(end.site): \(fault)")
                findings.remedy =
                    "give the gateway of \(end.site) its address \(outer.local) and a route to \(outer.remote), or correct "
                    + "'public' of \(end.site)"
            } else if let route = seen.evidence.outerRoute {
                if let source = seen.foreignSource { sendsFromAnother(end, seen, outer, source, &findings) }
                findings.facts.append(
                    "\(end.site): \(outer.remote) is reached by \(route.interface)"
                        + (route.gateway.map { " over \($0)" } ?? ""))
            }
            answers(end, seen, outer.remote, &findings)
        }
    }

    /// Behind a NAT that is as it must be. Where the peer was never heard, the public address may as well be a wrong one.
    private func sendsFromAnother(
        _ end: LinkFacts.End, _ seen: LinkObservation, _ outer: AddressPair, _ source: IPAddress, _ findings: inout Findings
    ) {
        let text = "\(end.site): \(outer.local) is no address of this gateway, which sends from \(source)"
        if seen.ike?.state == .established || seen.evidence.contact?.received ?? 0 > 0 {
            findings.facts.append(text + ": it is behind a NAT")
        } else {
            findings.gaps.append(text + ": is a NAT before it, which has that address?")
        }
    }

    /// What to do when IKE does not get through, of gateways whose public addresses are none of their own.
    var remedyBehindNAT: String? {
        let hidden = facts.ends.filter { $0.observation?.foreignSource != nil }.map(\.site)
        guard let site = hidden.first else { return nil }
        return hidden.count > 1
            ? "if both gateways are behind NATs, have one of these forward UDP 500 and 4500 to its gateway; else correct 'public'"
            : "let the NAT before \(site) pass UDP 500 and 4500 to its peer; or, where there is none, correct 'public' of \(site)"
    }

    /// Many a gateway answers no echo requests: that alone is no failure, and where nothing else comes from it, it is no proof.
    private func answers(
        _ end: LinkFacts.End, _ seen: LinkObservation, _ remote: IPAddress, _ findings: inout Findings
    ) {
        guard let echo = end.outerEcho else { return }
        if let time = echo.roundTripsMilliseconds.min() {
            return findings.facts.append("\(end.site): \(remote) answers in \(time.milliseconds)")
        }
        let fault = echo.fault.map { ": \($0)" } ?? ""
        if seen.isHearing {
            findings.facts.append("\(end.site): \(remote) answers no echo request\(fault), and IKE hears from it")
        } else {
            findings.gaps.append("\(end.site): \(remote) answers no echo request\(fault)")
        }
    }
}

extension LinkObservation {
    /// What the gateway sends from, where its public address is none of its own.
    var foreignSource: IPAddress? {
        guard let source = evidence.outerRoute?.source, source != wanted.tunnel?.outer.local else { return nil }
        return source
    }

    /// The last IKE message that was sent has been answered, as far as is known.
    var isHearing: Bool { evidence.contact.map { $0.received > 0 && $0.unanswered < 2 } ?? false }
}

extension Double {
    /// As a time in milliseconds, to two places.
    var milliseconds: String {
        let hundredths = Int(Swift.min(self * 100, 1e12).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) ms"
    }
}

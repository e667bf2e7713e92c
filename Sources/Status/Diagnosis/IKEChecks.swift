import WarrenModel

/// That the ends agree, and have agreed.
extension Diagnosing {
    /// Messages sent without an answer that prove that none comes: the first may be on its way.
    private static let unanswered: UInt64 = 2

    func port() -> Findings {
        let links = facts.status.link
        return eachSeenEnd { end, seen, findings in
            let evidence = seen.evidence
            if let bound = evidence.boundPorts {
                let missing = [500, 4_500].filter { !bound.contains($0) }
                if !missing.isEmpty {
                    findings.failures.append(
                        "\(end.site): no process has UDP port \(missing.map { "\($0)" }.joined(separator: " and "))")
                    findings.remedy = "see the log of warren-tunneld on the gateway of \(end.site)"
                }
            }
            guard let contact = evidence.contact else {
                if seen.ike?.state == .established { return findings.facts.append("\(end.site): an IKE SA stands") }
                return findings.gaps.append("\(end.site): its data plane does not count IKE messages")
            }
            if let fault = contact.sendFault {
                findings.failures.append("\(end.site): cannot send to \(end.peer): \(fault)")
                findings.remedy = "see what forbids it on the gateway of \(end.site): its firewall, or its routes"
            } else if contact.unanswered >= Self.unanswered {
                findings.failures.append(
                    "\(end.site): \(contact.unanswered) IKE messages to \(end.peer) are without an answer, "
                        + (contact.lastReceivedSecondsAgo.map { "the last that came is \($0) s old" } ?? "none ever came"))
                findings.remedy =
                    findings.remedy ?? remedyBehindNAT
                    ?? "let UDP 500 and 4500 pass between \(links.first) and \(links.second), both ways, at all that stands "
                    + "between them; and see that warren-tunneld runs at \(end.peer)"
            } else if contact.received > 0 {
                findings.facts.append(
                    "\(end.site): \(contact.sent) IKE messages sent, \(contact.received) received, the last "
                        + "\(contact.lastReceivedSecondsAgo ?? 0) s ago")
            } else if seen.ike?.state == .established {
                findings.facts.append("\(end.site): an IKE SA stands")
            } else {
                findings.gaps.append("\(end.site): has heard nothing from \(end.peer)")
            }
        }
    }

    func proposal() -> Findings {
        agreement(["NO_PROPOSAL_CHOSEN", "INVALID_KE_PAYLOAD"], "change 'proposals' so that both ends have one in common") {
            ends in
            guard ends.count == 2 else { return nil }
            let sets = ends.map { $0.parameters.ike.proposals }, children = ends.map { $0.parameters.child.proposals }
            if Set(sets[0]).isDisjoint(with: sets[1]) { return "the two ends have no IKE proposal in common" }
            return Set(children[0].map(\.encryption)).isDisjoint(with: children[1].map(\.encryption))
                ? "the two ends have no ESP proposal in common" : nil
        } established: { seen in
            seen.ike?.proposal.map { "IKE SA with \($0)" }
        }
    }

    func keys() -> Findings {
        agreement(
            ["AUTHENTICATION_FAILED"],
            "give both ends the same key anew: 'warren psk rotate --link \(facts.status.link.first) \(facts.status.link.second)'"
        ) { ends in
            guard ends.count == 2, Set(ends[0].acceptedKeys).isDisjoint(with: ends[1].acceptedKeys) else { return nil }
            return "the two ends have keys of different epochs: \(ends[0].key.epoch) and \(ends[1].key.epoch)"
        } established: { _ in
            "its peer has proved the shared key"
        }
    }

    func selectors() -> Findings {
        agreement(["TS_UNACCEPTABLE"], "'warren drift' tells which gateway is not as planned") { ends in
            guard ends.count == 2 else { return nil }
            let others = Set(([ends[1].preferred] + ends[1].alternatives).flatMap(\.selectors).map(\.reversed))
            let own = Set(([ends[0].preferred] + ends[0].alternatives).flatMap(\.selectors))
            return own.isDisjoint(with: others) ? "the two ends protect different packets" : nil
        } established: { seen in
            seen.securityAssociations.isEmpty ? nil : "a child SA was agreed on"
        }
    }

    /// That neither end says that IKE failed for one of `errors`, nor `difference` finds one between what they are set to.
    private func agreement(
        _ errors: [String], _ remedy: String, difference: ([IKEPeer]) -> String?,
        established: (LinkObservation) -> String?
    ) -> Findings {
        if !isCarried, [.port, .proposal, .keys].contains(where: failed) {
            return Findings(omissions: ["IKE does not get so far"])
        }
        var findings = eachSeenEnd { end, seen, findings in
            let error = seen.ike?.lastError
            // Also while SAs of before carry the packets: they do not last.
            if let error, errors.contains(where: error.hasPrefix) {
                findings.failures.append("\(end.site): \(error)")
            } else if let fact = seen.ike?.state == .established ? established(seen) : nil {
                findings.facts.append("\(end.site): \(fact)")
            } else if !isCarried {
                findings.gaps.append("\(end.site): no IKE SA that would show it")
            }
        }
        if let difference = difference(facts.ends.compactMap { $0.seen?.installed.ikePeer }) {
            findings.failures.append(difference)
        }
        findings.remedy = remedy
        return findings
    }

    func associations() -> Findings {
        if !isCarried, [.port, .proposal, .keys, .selectors].contains(where: failed) {
            return Findings(omissions: ["IKE does not get so far"])
        }
        var findings = eachSeenEnd { end, seen, findings in
            let outbound = seen.spis(.outbound), inbound = seen.spis(.inbound)
            guard !outbound.isEmpty, !inbound.isEmpty else {
                let why = seen.ike?.lastError.map { ": \($0)" } ?? ""
                return findings.failures.append("\(end.site): has no child SA\(why)")
            }
            findings.facts.append(
                "\(end.site): sends on \(outbound.map { "\($0)" }.joined(separator: ", ")), receives on "
                    + inbound.map { "\($0)" }.joined(separator: ", "))
        }
        if findings.failures.isEmpty, findings.gaps.isEmpty, !isCarried {
            findings.failures.append("the SPIs of the two ends do not match")
        }
        findings.remedy = "the log of warren-tunneld on both gateways says what becomes of each attempt"
        return findings
    }

    /// Each end sends on an SA that the other receives on.
    private var isCarried: Bool {
        let ends = facts.ends.compactMap(\.seen)
        guard ends.count == 2 else { return false }
        return [(ends[0], ends[1]), (ends[1], ends[0])].allSatisfy { sender, receiver in
            !Set(sender.spis(.outbound)).isDisjoint(with: receiver.spis(.inbound))
        }
    }
}

extension LinkObservation {
    fileprivate func spis(_ direction: SecurityPolicy.Direction) -> [SPI] {
        securityAssociations.filter { $0.direction == direction }.map(\.spi).sorted()
    }
}

import WarrenModel

/// That each gateway has what its plan says.
extension Diagnosing {
    func policies() -> Findings {
        compare("policy", \.policies) { "\($0.direction.rawValue) \($0.selector)" }
    }

    func routes() -> Findings {
        var findings = compare("route", \.routes) {
            "\($0.destination)"
        } orSkip: { seen in
            guard let wanted = seen.wanted.tunnel, seen.installed.tunnel == nil else { return nil }
            return "its routes go by \(wanted.interface), which is missing"
        }
        if findings.facts.isEmpty, findings.failures.isEmpty, findings.omissions.isEmpty, findings.gaps.isEmpty {
            findings.facts = ["no networks to route"]
        }
        return findings
    }

    func firewall() -> Findings {
        var findings = compare("rule", \.firewall) { $0.sentence }
        for end in facts.ends where findings.failures.isEmpty {
            guard let seen = end.seen, seen.wanted.firewall != seen.installed.firewall else { continue }
            findings.failures.append("\(end.site): the rules stand in another order than planned")
            findings.remedy = Self.repairs(end.site)
        }
        return findings
    }

    func gif() -> Findings {
        eachSeenEnd { end, seen, findings in
            findings.remedy = findings.remedy ?? Self.repairs(end.site)
            guard let wanted = seen.wanted.tunnel else {
                return findings.gaps.append("\(end.site): it knows no tunnel to \(end.peer)")
            }
            let name = wanted.interface
            guard let installed = seen.installed.tunnel else {
                return findings.failures.append("\(end.site): \(name) is missing, or nobody serves it")
            }
            if installed.inner != wanted.inner {
                findings.failures.append(
                    "\(end.site): \(name) has \(installed.inner.local) and its peer \(installed.inner.remote), planned are "
                        + "\(wanted.inner.local) and \(wanted.inner.remote)")
            }
            if installed.mtu != wanted.mtu {
                findings.failures.append("\(end.site): \(name) has MTU \(installed.mtu), planned is \(wanted.mtu)")
            }
            if installed.outer != wanted.outer || installed.mode != wanted.mode || installed.interface != name {
                findings.failures.append("\(end.site): \(name) has other settings than planned")
            }
            if !seen.isTunnelUp { findings.failures.append("\(end.site): \(name) is not up") }
            if installed == wanted, seen.isTunnelUp {
                findings.facts.append(
                    "\(end.site): \(name) is up, \(wanted.inner.local) to \(wanted.inner.remote), MTU \(wanted.mtu)")
            }
        }
    }

    private func compare<Part: Hashable>(
        _ what: String, _ parts: KeyPath<LinkParts, [Part]>, text: (Part) -> String,
        orSkip: (LinkObservation) -> String? = { _ in nil }
    ) -> Findings {
        eachSeenEnd { end, seen, findings in
            if let reason = orSkip(seen) { return findings.omissions.append("\(end.site): \(reason)") }
            let wanted = seen.wanted[keyPath: parts], installed = seen.installed[keyPath: parts]
            let missing = Set(wanted).subtracting(installed), foreign = Set(installed).subtracting(wanted)
            // A gateway without any is told in one sentence.
            if installed.isEmpty, wanted.count > 1 {
                findings.failures.append("\(end.site): none of the \(wanted.count) \(what.plural) is there")
            } else {
                findings.failures += wanted.filter(missing.contains).map { "\(end.site): the \(what) \(text($0)) is missing" }
            }
            findings.failures += installed.filter(foreign.contains).map {
                "\(end.site): the \(what) \(text($0)) is not planned"
            }
            if missing.isEmpty, foreign.isEmpty, !wanted.isEmpty {
                findings.facts.append("\(end.site): \(wanted.count) \(wanted.count == 1 ? what : what.plural), as planned")
            }
            findings.remedy = findings.remedy ?? Self.repairs(end.site)
        }
    }

    private static func repairs(_ site: SiteName) -> String {
        "the agent of \(site) repairs it within seconds, unless it was started with --drift report: then restart it without"
    }
}

extension String {
    fileprivate var plural: String { hasSuffix("y") ? dropLast() + "ies" : self + "s" }
}

extension FirewallRule {
    fileprivate var sentence: String {
        let ends = [source.map { "from \($0)" }, destination.map { "to \($0)" }, interface.map { "by \($0)" }]
        let kind = unprotected.map { $0 ? ["unprotected"] : ["protected"] } ?? []
        let ports = ports.isEmpty ? [] : ["port \(ports.map { "\($0)" }.joined(separator: ", "))"]
        return ([action.rawValue, direction.rawValue] + kind + ["\(ipProtocol)"] + ports + ends.compactMap { $0 })
            .joined(separator: " ")
    }
}

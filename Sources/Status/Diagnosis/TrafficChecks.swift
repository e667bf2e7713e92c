import WarrenModel

/// That packets cross.
extension Diagnosing {
    func mtu() -> Findings {
        eachSeenEnd { end, seen, findings in
            guard let mtu = seen.wanted.tunnel?.mtu, let small = end.innerEcho, small.answered > 0 else {
                return findings.omissions.append("\(end.site): not even small packets are answered")
            }
            guard let whole = end.wholeEcho else { return findings.gaps.append("\(end.site): was not tried") }
            if whole.answered > 0 {
                return findings.facts.append("\(end.site): packets of \(mtu) bytes cross whole")
            }
            let largest = seen.probe?.pathMTU.map { ", those of \($0) do not get lost" } ?? ""
            findings.failures.append(
                "\(end.site): packets of \(mtu) bytes are lost" + (whole.fault.map { " (\($0))" } ?? largest))
            findings.remedy =
                "the path between the gateways takes smaller packets than 'mtu' says: set it, in 'defaults' or on the link"
        }
    }

    func echo() -> Findings {
        eachSeenEnd { end, seen, findings in
            guard let tunnel = seen.wanted.tunnel, let echo = end.innerEcho else {
                return findings.gaps.append("\(end.site): was not tried")
            }
            let remote = tunnel.inner.remote
            if let time = echo.roundTripsMilliseconds.min() {
                let lost = echo.sent - echo.answered
                return findings.facts.append(
                    "\(end.site): \(remote) answers in \(time.milliseconds)"
                        + (lost > 0 ? ", \(lost) of \(echo.sent) lost" : "")
                )
            }
            findings.failures.append(
                "\(end.site): \(remote) does not answer" + (echo.fault.map { ": \($0)" } ?? "") + drops(seen))
            findings.remedy = "capture what leaves the gateway of \(end.site), and what arrives at \(end.peer)"
        }
    }

    /// What the packet path has dropped, the most first.
    private func drops(_ seen: LinkObservation) -> String {
        let drops = seen.evidence.drops.filter { $0.value > 0 }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(3)
        guard !drops.isEmpty else { return "" }
        return "; packets dropped there so far: " + drops.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    }
}

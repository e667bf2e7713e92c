import FoundationEssentials
import WarrenModel

extension LocalStatus {
    /// The status for a person: what runs, what is wrong, and a line per tunnel and SA.
    public func text(isRunning: Bool, now: Date) -> String {
        let age = max(0, now.timeIntervalSince1970 - writtenAtSeconds)
        var lines = [
            "site        \(report.site)\(mesh.map { " of mesh \($0)" } ?? "")",
            "agent       "
                + (isRunning ? "running (process \(processID))" : "NOT RUNNING: what follows was seen \(seconds(age)) ago"),
            "controller  " + controllerText,
            "generation  \(report.version) applied" + (wanted > report.applied ? ", \(wanted) wanted" : ""),
        ]
        if let trial { lines.append("trial       \(text(of: trial))") }
        if let rejected = report.rejected {
            lines.append("rejected    \(rejected): it is not applied again; a newer one is")
        }
        if let previous { lines.append("previous    \(previous): 'warren-agent rollback' goes back to it") }
        if let failure = report.failure { lines.append("failure     \(failure)") }
        lines += report.drift.map { "drift       \($0)" }
        if !report.tunnels.isEmpty {
            lines.append("")
            lines += table(["TUNNEL", "PEER", "STATE", "IKE", "RTT", "OUTER", "INNER"], report.tunnels.map(row(of:)))
        }
        if !report.securityAssociations.isEmpty {
            lines.append("")
            let rows = report.securityAssociations.map {
                [
                    $0.spi.description, $0.peer.description, $0.direction.rawValue, $0.encryption.rawValue,
                    "\($0.ageSeconds) s", "\($0.rekeyInSeconds) s", String($0.packets), String($0.bytes),
                ]
            }
            lines += table(["SPI", "PEER", "DIRECTION", "CIPHER", "AGE", "REKEY IN", "PACKETS", "BYTES"], rows)
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private func text(of trial: Trial) -> String {
        let back = trial.good.map { "back to \($0)" } ?? "back to running nothing"
        let step = trial.isApplied ? "waits for the controller's confirmation" : "is being applied"
        return "\(trial.version) \(step): \(seconds(trial.secondsLeft)) left, then \(back)"
    }

    private var controllerText: String {
        switch controller {
        case .none: "not reached yet"
        case .connected(let address): "connected to \(address)"
        case .lost(let address, let reason): "no session with \(address): \(reason)"
        }
    }

    private func row(of tunnel: TunnelReport) -> [String] {
        let peer = tunnel.tunnel.peer
        let ike = report.ike.first { $0.peer == peer }
        let probe = report.probes.first { $0.peer == peer }
        let isAnswered = (probe?.lastAnswerSecondsAgo ?? .infinity) <= 3
        return [
            tunnel.tunnel.interface, peer.description, !tunnel.isUp ? "down" : isAnswered ? "up" : "no answer",
            ike?.lastError ?? ike?.state.rawValue ?? "-",
            isAnswered ? probe?.roundTripMilliseconds.map { "\(($0 * 100).rounded() / 100) ms" } ?? "-" : "-",
            "\(tunnel.tunnel.outer.local) > \(tunnel.tunnel.outer.remote)",
            "\(tunnel.tunnel.inner.local) > \(tunnel.tunnel.inner.remote)",
        ]
    }

    private func seconds(_ value: Double) -> String { "\(Int64(min(value, 1e15))) s" }

    private func table(_ header: [String], _ rows: [[String]]) -> [String] {
        let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
        return ([header] + rows).map { row in
            let padded = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
            return String(padded.reversed().drop { $0 == " " }.reversed())
        }
    }
}

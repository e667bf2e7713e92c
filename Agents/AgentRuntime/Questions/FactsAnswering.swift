import AgentCore
import FoundationEssentials
import WarrenModel
import WarrenWire

extension Agent {
    /// Tells what is known here, one fact a chunk. What cannot be known is told as why.
    func tellFacts(to writer: AnswerWriter) async throws {
        for (name, text) in await facts() {
            guard let fact = Fact(name: name, text: text) else { continue }
            try await writer.write(.facts(fact))
        }
    }

    /// The most peers of which the way to them is told.
    private static let mostEvidence = 64

    private func facts() async -> [(name: String, text: String)] {
        var facts = [("system.json", Self.json(SystemFacts())), ("status.json", statusText())]
        do { facts.append(("observed.json", Self.json(try await driver.observe()))) } catch {
            facts.append(("observed.txt", "the data plane cannot be observed: \(error)\n"))
        }
        var evidence: [String: LinkEvidence] = [:]
        for tunnel in state.target?.plan.tunnels.prefix(Self.mostEvidence) ?? [] {
            evidence[tunnel.peer.description] = try? await driver.evidence(of: tunnel.peer, at: tunnel.outer)
        }
        facts.append(("evidence.json", Self.json(evidence)))
        facts.append(("log.txt", recentLog()))
        return facts
    }

    private func statusText() -> String {
        guard let status = try? LocalStatus.read(from: directory), let bytes = try? status.json() else {
            return "null\n"
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func json(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return ((try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "null") + "\n"
    }
}

/// The machine that the agent runs on.
private struct SystemFacts: Encodable {
    var agent = AgentProgram.version
    var agentProtocol = "\(WireVersion.current)"
    var kernel = Self.firstLine(of: "/proc/version")
    var uptime = Self.firstLine(of: "/proc/uptime")
    var load = Self.firstLine(of: "/proc/loadavg")

    private static func firstLine(of path: String) -> String? {
        (try? String(contentsOfFile: path, encoding: .utf8))?.split(separator: "\n").first.map(String.init)
    }
}

import Foundation
import WarrenModel
import WarrenWire

extension Controller {
    /// What the controller tells of itself for whoever looks for a fault.
    public nonisolated func facts() async -> [Fact] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let json = (try? encoder.encode(await overview())).map { String(decoding: $0, as: UTF8.self) } ?? "null"
        return [Fact(name: "controller.json", text: json + "\n"), Fact(name: "log.txt", text: options.recentLog())]
            .compactMap(\.self)
    }

    private struct Overview: Encodable {
        let version: String
        let agentProtocol: String
        let mesh: String?
        let generation: Generation
        let isRollingOut: Bool
        let sites: Int
        let enrolled: Int
        /// By site, the version of the agents' protocol that each agent speaks which is connected.
        let connected: [String: String]
        let historyRetentionSeconds: Double
        /// In bytes.
        let files: [String: Int]
    }

    private func overview() -> Overview {
        var connected: [String: String] = [:]
        for session in sessions.values { connected[session.site.name.description] = "\(session.version)" }
        var files: [String: Int] = [:]
        for name in ["warrend.sqlite", "warrend.sqlite-wal", "history.sqlite", "history.sqlite-wal"] {
            files[name] = (try? FileManager.default.attributesOfItem(atPath: state.file(name))[.size]) as? Int
        }
        return Overview(
            version: Self.version, agentProtocol: Self.agentProtocol, mesh: control.mesh?.mesh,
            generation: control.generation, isRollingOut: control.isRollingOut, sites: sites.live.count,
            enrolled: enrolled.count, connected: connected, historyRetentionSeconds: options.historyRetention, files: files)
    }
}

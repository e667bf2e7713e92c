import AgentCore
import DataPlane
import Foundation
import WarrenModel
import WarrenPlan

/// A gateway that is a file: what was done to it outlives the process that did it, as with a kernel. It can be told to stand
/// still before a step, so that the process can be killed there.
actor FileGateway: DataPlaneDriver {
    struct Stored: Codable {
        var tunnels: [TunnelReport] = []
        var routes: Set<Route> = []
        var unreachable: Set<IPPrefix> = []
        var policies: Set<SecurityPolicy> = []
        var peers: Set<IKEPeer> = []
        var firewall: [FirewallRule] = []
        var translations: [NetworkTranslation] = []
    }

    private let file: URL
    private let inner = FakeDataPlaneDriver()
    private var isLoaded = false
    /// Operations left before it stands still; nil: it never does.
    private var stepsLeft: Int?

    init(file: URL, standsStillAfter steps: Int?) {
        self.file = file
        stepsLeft = steps
    }

    func prepare() async throws(DataPlaneError) {
        try await inner.prepare()
        guard !isLoaded else { return }
        isLoaded = true
        guard let data = try? Data(contentsOf: file) else { return }
        do {
            let stored = try JSONDecoder().decode(Stored.self, from: data)
            await inner.tamper {
                $0 = ObservedState(
                    tunnels: stored.tunnels, routes: stored.routes, unreachable: stored.unreachable,
                    policies: stored.policies, peers: stored.peers, firewall: stored.firewall,
                    translations: stored.translations)
            }
        } catch { throw DataPlaneError(.refused, "\(file.path) is no gateway: \(error)") }
    }

    func observe() async throws(DataPlaneError) -> ObservedState { try await inner.observe() }

    func perform(_ operation: AgentCore.Operation, keys: [PSKReference: PreSharedKey]) async throws(DataPlaneError) {
        if stepsLeft == 0 {
            say("standing still")
            while true { try? await Task.sleep(for: .seconds(3_600)) }
        }
        stepsLeft = stepsLeft.map { $0 - 1 }
        try await inner.perform(operation, keys: keys)
        let observed = try await inner.observe()
        let stored = Stored(
            tunnels: observed.tunnels, routes: observed.routes, unreachable: observed.unreachable,
            policies: observed.policies, peers: observed.peers, firewall: observed.firewall,
            translations: observed.translations)
        do { try JSONEncoder().encode(stored).write(to: file, options: .atomic) } catch {
            throw DataPlaneError(.refused, "cannot write \(file.path): \(error)")
        }
    }

    nonisolated func waitForFailure() async { await inner.waitForFailure() }
}

/// Writes a line at once: standard output is a pipe, and the process may be killed any time.
func say(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }

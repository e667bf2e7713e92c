import AgentCore
import DataPlane
import WarrenModel
import WarrenPlan

extension Agent {
    /// Looks at everything that this end of a link consists of.
    func answer(_ question: LinkQuestion) async throws(AgentError) -> LinkObservation {
        guard let plan = state.target?.plan else { throw AgentError(.invalid, "the gateway runs nothing yet") }
        var observation = LinkObservation(
            peer: question.peer, version: state.version, wanted: LinkParts(of: question.peer, in: plan),
            probe: prober?.reports().first { $0.peer == question.peer })
        do {
            let observed = try await driver.observe()
            observation.take(observed, plan)
        } catch { observation.fault = "the data plane cannot be observed: \(error)" }
        if let outer = observation.wanted.tunnel?.outer {
            do {
                observation.evidence = try await driver.evidence(of: question.peer, at: outer)
            } catch { observation.fault = observation.fault ?? "the data plane cannot be examined: \(error)" }
        }
        return observation
    }
}

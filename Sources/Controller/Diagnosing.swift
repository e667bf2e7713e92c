import WarrenModel
import WarrenPlan
import WarrenRollout
import WarrenStatus

/// Asks both ends of a link what a diagnosis needs to know.
extension Controller {
    /// How long an agent may take to look at its end, in milliseconds: a data plane that does not answer takes ten seconds.
    private static let lookMilliseconds: UInt32 = 15_000

    /// What is wrong with a link. Its gateways send a few echo requests to each other. Throws `ControllerError.unknownLink` for
    /// one that the mesh does not have; whatever cannot be learned is a finding.
    public nonisolated func diagnose(_ link: LinkID) async throws -> LinkDiagnosis {
        guard let standing = await diagnosable(link) else { throw ControllerError.unknownLink(link) }
        let ends = await withTaskGroup(of: (Int, LinkFacts.End).self) { group in
            for (place, end) in standing.ends.enumerated() {
                group.addTask { (place, await self.look(end)) }
            }
            return await group.reduce(into: [(Int, LinkFacts.End)]()) { $0.append($1) }
        }
        try Task.checkCancellation()
        return LinkDiagnosis(
            LinkFacts(
                status: standing.status, generation: standing.generation, ends: ends.sorted { $0.0 < $1.0 }.map(\.1)))
    }

    /// What is known without asking anybody: every end counts as not connected yet.
    private func diagnosable(_ link: LinkID) -> LinkFacts? {
        let now = options.clock.monotonic()
        guard let mesh = control.mesh, let status = tracker.status(of: link, now: now) else { return nil }
        let ends = link.sites.compactMap { site in
            link.peer(of: site).map { peer in
                LinkFacts.End(
                    site: site, peer: peer, planned: mesh[site].map { LinkParts(of: peer, in: $0) } ?? LinkParts(),
                    status: SiteStatus.derive(
                        site, intended: control.intendedVersion(of: site),
                        from: observation(of: site) ?? AgentObservation(connected: false), now: now),
                    answer: .failure(.disconnected(site)))
            }
        }
        return LinkFacts(status: status, generation: control.generation, ends: ends)
    }

    private nonisolated func look(_ end: LinkFacts.End) async -> LinkFacts.End {
        var end = end
        do {
            let question = AgentQuestion.link(LinkQuestion(peer: end.peer))
            let answer = try await answer(of: end.site, to: question, milliseconds: Self.lookMilliseconds)
            guard case .link(let observation) = answer else { throw QuestionFault.malformed(end.site, "it is something else") }
            end.answer = .success(observation)
        } catch let fault as QuestionFault {
            end.answer = .failure(fault)
        } catch {
            end.answer = .failure(.refused(end.site, "\(error)"))
        }
        guard let seen = end.observation, let tunnel = seen.wanted.tunnel else { return end }
        let site = end.site, source = seen.evidence.outerRoute?.source ?? tunnel.outer.local
        async let outer = echo(from: site, EchoQuestion(to: tunnel.outer.remote, from: source))
        async let inner = echo(from: site, EchoQuestion(to: tunnel.inner.remote, from: tunnel.inner.local))
        async let whole = echo(
            from: site,
            EchoQuestion(to: tunnel.inner.remote, from: tunnel.inner.local, packetSize: tunnel.mtu, dontFragment: true))
        (end.outerEcho, end.innerEcho, end.wholeEcho) = await (outer, inner, whole)
        return end
    }

    /// Nil when the agent does not say.
    private nonisolated func echo(from site: SiteName, _ question: EchoQuestion) async -> EchoAnswer? {
        let answer = try? await answer(of: site, to: .echo(question), milliseconds: question.milliseconds + 2_000)
        guard case .echo(let echo) = answer else { return nil }
        return echo
    }
}

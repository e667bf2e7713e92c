import Foundation
import Testing
import WarrenModel
import WarrenStatus
import WarrenStore

@testable import WarrenController

/// What is told of a mesh with agents of the wire, as it changes.
@Suite struct ObservingTests {
    private static func link(_ a: String, _ b: String) throws -> LinkID {
        let first = try #require(SiteName(a)), second = try #require(SiteName(b))
        return try #require(LinkID(first, second))
    }

    /// Waits for a batch that `takes`, and returns all until then as one.
    private func gather(
        _ stream: inout AsyncStream<MeshChanges>.Iterator, until takes: (MeshChanges) -> Bool
    ) async throws -> MeshChanges {
        var all = MeshChanges(number: 0)
        while let batch = await stream.next(isolation: #isolation) {
            #expect(all.number == 0 || batch.number == all.number + 1)
            all.number = batch.number
            all.links += batch.links
            all.sites += batch.sites
            all.events += batch.events
            all.rollout = batch.rollout ?? all.rollout
            all.isWhole = all.isWhole || batch.isWhole
            if takes(all) { return all }
        }
        throw ControllerError.failed("the stream ended")
    }

    @Test(.timeLimit(.minutes(2))) func changesAreTold() async throws {
        try await SimulatedFleet.with(["ber", "tok"]) { fleet in
            let controller = fleet.mesh.controller
            var stream = controller.meshChanges().makeAsyncIterator()
            let link = try Self.link("ber", "tok")
            _ = try await controller.rotateKeys(of: nil)
            let told = try await gather(&stream) { changes in
                changes.rollout?.finishedAt != nil && changes.events.contains { $0.kind == .rolloutFinished }
            }
            #expect(told.events.contains { $0.kind == .generationAccepted })
            #expect(Set(told.sites.map(\.site)) == Set(link.sites))
            try await fleet.until { $0.isWell }
            let (status, ends) = try #require(await controller.link(link))
            #expect(status.state == .up && status.sinceSeconds != nil)
            #expect(ends.allSatisfy { $0.observation.report?.securityAssociations.isEmpty == false })
            #expect(await controller.link(try Self.link("ber", "oslo")) == nil)
        }
    }

    /// A link that comes up is an event, and its history begins.
    @Test(.timeLimit(.minutes(2))) func aLinkHasItsStory() async throws {
        try await SimulatedFleet.with(["ber", "tok"]) { fleet in
            let controller = fleet.mesh.controller
            let link = try Self.link("ber", "tok")
            var events: [EventRecord] = []
            while events.isEmpty {
                events = try await controller.events(EventQuery(link: link, kind: .linkUp))
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(events.map(\.text) == ["ber - tok is up"])
            var samples: [LinkSample] = []
            while samples.isEmpty {
                samples = try await controller.samples(of: link, since: Date() - 60, step: 1).samples
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(samples.count >= 1)
            let gateway = try await controller.gateway(of: link.first)
            #expect(gateway.links.map(\.link) == [link] && gateway.report != nil && gateway.certificateEnds != nil)
        }
    }

    @Test func aSampleIsWhatTheStatusSays() throws {
        let status = LinkStatus(
            link: try Self.link("ber", "tok"), state: .degraded, roundTripMilliseconds: 2.5, lossPercent: 5,
            receivedBitsPerSecond: 565, sentBitsPerSecond: 1_000)
        #expect(
            LinkSample(status, at: 7)
                == LinkSample(
                    at: 7, severity: LinkState.degraded.severity, roundTripMilliseconds: 2.5, lossPercent: 5,
                    receivedBitsPerSecond: 565, sentBitsPerSecond: 1_000))
    }

    @Test func aSlowListenerHearsThatItLostSomething() async throws {
        let feed = MeshFeed(), stream = feed.listen()
        var changes = MeshChanges(number: 0)
        changes.rollout = nil
        changes.isWhole = true
        for _ in 0..<MeshFeed.patience { feed.publish(changes) }
        changes.isWhole = false
        feed.publish(changes)
        var told = MeshChanges(number: 0)
        told.events = [EventRecord(at: .distantPast, kind: .applied, text: "lost")]
        feed.publish(told)
        var reader = stream.makeAsyncIterator()
        for _ in 0..<MeshFeed.patience { _ = await reader.next() }
        told.events[0] = EventRecord(at: .distantPast, kind: .applied, text: "heard")
        feed.publish(told)
        let batch = try #require(await reader.next())
        #expect(batch.isWhole && batch.events.map(\.text) == ["heard"])
    }

    @Test func eventsWaitForTheirBatchWithinBounds() async throws {
        let feed = MeshFeed()
        feed.add([EventRecord(at: .distantPast, kind: .applied, text: "nobody listens")])
        var reader = feed.listen().makeAsyncIterator()
        feed.add((0...MeshFeed.mostEvents).map { EventRecord(at: .distantPast, kind: .applied, text: "\($0)") })
        feed.publish(MeshChanges(number: 0))
        let batch = try #require(await reader.next())
        #expect(batch.isWhole && batch.events.isEmpty && batch.number == 1)
    }
}

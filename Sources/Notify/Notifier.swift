import AsyncHTTPClient
import Foundation
import Logging
import ServiceLifecycle
import WarrenController
import WarrenModel
import WarrenStore

/// Tells every webhook of what happens from its making on, each in its own time and in order.
///
/// Events come from the store: none is missed from then until the notifier ends. What was not told when the controller ended is told
/// no more.
public struct Notifier: Service {
    private let controller: Controller
    private let webhooks: [Webhook]
    private let log: Logger
    /// The last event that is not told.
    private let start: UInt64

    /// Throws a `ControllerError` when the events cannot be read.
    public init(_ webhooks: [Webhook], controller: Controller, log: Logger) async throws {
        self.webhooks = webhooks
        self.controller = controller
        self.log = log
        start = try await controller.latestEvent()
    }

    public func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                for webhook in webhooks { group.addTask { await tell(webhook) } }
            }
        }
    }

    private func tell(_ webhook: Webhook) async {
        var queue = DeliveryQueue(), last = start, dropped = 0
        while !Task.isCancelled {
            do {
                let events = try await controller.events(EventQuery(after: last, limit: 500))
                last = events.last?.number ?? last
                queue.add(events.filter { Notify.kinds.contains($0.kind) })
            } catch {
                log.error("events cannot be read for a webhook", metadata: ["error": "\(error)"])
            }
            while let event = queue.next(now: Date()), !Task.isCancelled { await tell(event, to: webhook, &queue) }
            if queue.dropped > dropped {
                log.warning(
                    "a webhook was not told of events",
                    metadata: ["url": "\(webhook.name)", "events": "\(queue.dropped - dropped)"])
                dropped = queue.dropped
            }
            try? await Task.sleep(for: .milliseconds(500))
        }
    }

    private func tell(_ event: EventRecord, to webhook: Webhook, _ queue: inout DeliveryQueue) async {
        let message = Notify.Message(
            number: event.number, at: event.at.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)),
            mesh: await controller.currentMesh?.mesh.mesh ?? "", kind: event.kind.rawValue, site: event.site,
            link: event.link, text: event.text)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let body = try? encoder.encode(message) else { return queue.settle(event) }
        let now = Date()
        switch await webhook.send(webhook.request(Array(body), of: event, at: now), with: .shared) {
        case .taken: queue.settle(event)
        case .refused(let reason):
            log.warning(
                "a webhook refuses an event",
                metadata: ["url": "\(webhook.name)", "event": "\(event.number)", "reason": "\(reason)"])
            queue.settle(event)
        case .failed(let reason):
            log.info(
                "a webhook could not be told",
                metadata: ["url": "\(webhook.name)", "event": "\(event.number)", "reason": "\(reason)"])
            queue.fail(now: now, random: .random(in: 0...1))
        }
    }
}

extension Webhook {
    /// The URL without what may be a secret: user, path and query.
    var name: String {
        guard let parsed = URL(string: url), let scheme = parsed.scheme, let host = parsed.host else { return "?" }
        return "\(scheme)://\(host)" + (parsed.port.map { ":\($0)" } ?? "")
    }
}

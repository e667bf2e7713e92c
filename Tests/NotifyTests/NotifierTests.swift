import Foundation
import Hummingbird
import Logging
import NIOConcurrencyHelpers
import ServiceLifecycle
import Testing
import WarrenInventory
import WarrenModel
import WarrenStore

@testable import WarrenController
@testable import WarrenNotify

/// A controller that tells a receiver on the loopback.
@Suite struct NotifierTests {
    private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// A receiver that answers the statuses in turn, and 200 from then on.
    private final class Receiver: Sendable {
        let requests: AsyncStream<(event: String, body: String)>
        private let arrived: AsyncStream<(event: String, body: String)>.Continuation
        private let statuses: NIOLockedValueBox<[Int]>
        init(_ statuses: [Int]) {
            self.statuses = NIOLockedValueBox(statuses)
            (requests, arrived) = AsyncStream.makeStream()
        }

        func application(_ log: Logger, opened: @escaping @Sendable (Int) -> Void) -> some ApplicationProtocol {
            let router = Router()
            router.post("/hook") { [self] request, _ in
                let body = try await request.body.collect(upTo: 1 << 20)
                arrived.yield((request.headers[.init("Warren-Event")!] ?? "", String(buffer: body)))
                let status = statuses.withLockedValue { $0.isEmpty ? 200 : $0.removeFirst() }
                return Response(status: .init(code: status))
            }
            return Application(
                router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
                onServerRunning: { opened($0.localAddress?.port ?? 0) }, logger: log)
        }
    }

    private func inventory(_ site: String) -> [InventoryFile] {
        [
            InventoryFile(
                name: "m.yaml",
                text: """
                    version: 1
                    mesh: acme
                    sites:
                      \(site):
                        gateway: {public: 198.18.0.1, private: 192.168.1.1}
                        networks: [192.168.1.0/24]

                    """)
        ]
    }

    @Test(.timeLimit(.minutes(5))) func whatMattersIsToldUntilItIsTaken() async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("wn-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let controller = try await Controller(directory: directory, log: quiet)
        _ = try await controller.accept(inventory("berlin"), expecting: .none)
        let receiver = Receiver([503, 200, 400])
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let application = receiver.application(quiet) { port.yield($0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            let server = ServiceGroup(services: [application], logger: quiet)
            group.addTask { try await server.run() }
            var iterator = ports.makeAsyncIterator()
            let number = try #require(await iterator.next())
            let webhook = try #require(Webhook(url: "http://127.0.0.1:\(number)/hook", secret: SecretBytes([1, 2, 3])))
            let notifier = try await Notifier([webhook], controller: controller, log: quiet)
            group.addTask { try await notifier.run() }
            // Nothing from before it began, nothing of what does not matter, and the rest in order, also past a refusal.
            for (kind, text) in [
                (EventRecord.Kind.rolloutHalted, "first"), (.agentConnected, "not told"), (.linkDown, "second"),
                (.linkUp, "third"),
            ] { await controller.note(kind, text: text) }
            var told: [(event: String, body: String)] = []
            for await request in receiver.requests.prefix(4) { told.append(request) }
            try #require(told.count == 4)
            #expect(told.map(\.event) == ["rollout-halted", "rollout-halted", "link-down", "link-up"])
            let message = try JSONDecoder().decode(Notify.Message.self, from: Data(told[3].body.utf8))
            #expect(message.mesh == "acme" && message.text == "third" && message.kind == "link-up")
            await server.triggerGracefulShutdown()
            group.cancelAll()
        }
    }
}

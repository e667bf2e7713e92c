import Hummingbird
import NIOCore
import ServiceLifecycle
import WarrenController

/// `GET /v1/stream`: what changes in the mesh, as server-sent events.
enum StreamRoute {
    static func route(_ hub: StreamHub, _ access: AccessControl) -> Route {
        Route(
            .get, "/v1/stream", .viewer, "streamChanges",
            "What changes: server-sent events 'hello', 'sites', 'links', 'events', 'rollout', and 'resync' for read it anew.",
            answer: .content("text/event-stream")
        ) { request, context in
            let principal = try context.admitted, channel = context.channel
            let lastID = request.headers.first { $0.name.canonicalName == "last-event-id" }?.value
            let subscription = try hub.subscribe(credential: principal.credential, after: lastID) {
                channel.close(promise: nil)
            }
            return Response(
                status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
                body: .init { writer in
                    try await withGracefulShutdownHandler {
                        for await message in subscription.messages {
                            try await writer.write(ByteBuffer(string: message.text))
                            // Whose token was revoked is told nothing more than a heartbeat's time later.
                            guard message.number != nil || access.isStillGood(principal) else { break }
                        }
                        subscription.finish()
                    } onGracefulShutdown: {
                        subscription.finish()
                    }
                    try await writer.finish(nil)
                })
        }
    }
}

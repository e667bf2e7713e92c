import Hummingbird
import NIOCore
import ServiceLifecycle
import WarrenController
import WarrenStatus

/// `GET /v1/watch`: the mesh's status as server-sent events (WHATWG HTML, 9.2), one at once and one after each change.
enum StatusWatch {
    static func response(_ controller: Controller) -> Response {
        Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: .init { writer in
                var last: MeshStatus?, silence = 0
                while !Task.isShuttingDownGracefully, !Task.isCancelled {
                    let status = await controller.status()
                    if steady(status) != last {
                        last = steady(status)
                        silence = 0
                        let json = String(decoding: try JSONAnswer.encode(status), as: UTF8.self)
                        try await writer.write(ByteBuffer(string: "event: status\ndata: \(json)\n\n"))
                    } else {
                        silence += 1
                        // A comment now and then finds out a reader that has gone.
                        if silence % 15 == 0 { try await writer.write(ByteBuffer(string: ": still here\n\n")) }
                    }
                    try await Task.sleep(for: .seconds(1))
                }
                try await writer.finish(nil)
            })
    }

    /// The status without what differs at every look.
    private static func steady(_ status: MeshStatus) -> MeshStatus {
        var status = status
        for index in status.sites.indices { status.sites[index].lastReportSecondsAgo = nil }
        for index in status.links.indices { status.links[index].roundTripMilliseconds = nil }
        return status
    }
}

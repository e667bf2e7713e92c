import Foundation
import Hummingbird
import NIOCore
import WarrenStatus

/// `GET /v1/status` of a mesh of any size: `MeshStatus`, whose links are made and encoded piece by piece, for a full mesh of a
/// thousand sites has half a million.
enum StatusStream {
    static func response(
        _ status: MeshStatus, links: any Sequence<[LinkStatus]> & Sendable
    ) throws -> Response {
        // Within a text, JSON puts a backslash before each quotation mark, so this is the member itself.
        let parts = String(decoding: try JSONAnswer.encode(status), as: UTF8.self).split(
            separator: "\"links\":[]", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return try JSONAnswer.response(status) }
        return Response(
            status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: .init { writer in
                var buffer = ByteBuffer(string: parts[0] + "\"links\":[")
                var isFirst = true
                for piece in AnySequence(links) {
                    try Task.checkCancellation()
                    for link in piece {
                        if !isFirst { buffer.writeString(",") }
                        isFirst = false
                        buffer.writeJSON(link)
                    }
                    try await writer.write(buffer)
                    buffer.clear()
                }
                buffer.writeString("]" + parts[1])
                try await writer.write(buffer)
                try await writer.finish(nil)
            })
    }
}

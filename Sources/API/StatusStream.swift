import Foundation
import Hummingbird
import NIOCore
import WarrenStatus

/// `GET /v1/status` of a mesh of any size: `MeshStatus`, whose links are encoded a thousand at a time, for a full mesh of a
/// thousand sites has half a million.
enum StatusStream {
    private static let piece = 1000

    static func response(_ status: MeshStatus) throws -> Response {
        guard status.links.count > piece else { return try JSONAnswer.response(status) }
        var rest = status
        rest.links = []
        // Within a text, JSON puts a backslash before each quotation mark, so this is the member itself.
        let parts = String(decoding: try JSONAnswer.encode(rest), as: UTF8.self).split(
            separator: "\"links\":[]", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return try JSONAnswer.response(status) }
        return Response(
            status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: .init { writer in
                try await writer.write(ByteBuffer(string: parts[0] + "\"links\":["))
                for start in stride(from: 0, to: status.links.count, by: piece) {
                    try Task.checkCancellation()
                    let links = Array(status.links[start..<min(start + piece, status.links.count)])
                    var buffer = ByteBuffer(string: start == 0 ? "" : ",")
                    buffer.writeBytes(try JSONAnswer.encode(links).dropFirst().dropLast())
                    try await writer.write(buffer)
                }
                try await writer.write(ByteBuffer(string: "]" + parts[1]))
                try await writer.finish(nil)
            })
    }
}

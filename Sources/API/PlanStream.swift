import Hummingbird
import NIOCore
import WarrenModel
import WarrenPlan

/// `GET /v1/plan` of a mesh of any size: `APIMessage.CurrentPlan`, of which one gateway at a time is derived, and sent before
/// the next.
enum PlanStream {
    static func response(_ generation: Generation, _ mesh: MeshDerivation) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: .init { writer in
                try await writer.write(ByteBuffer(string: "{\"generation\":\(generation),\"plan\":{\"gateways\":["))
                var isFirst = true
                for gateway in mesh {
                    try Task.checkCancellation()
                    var piece = ByteBuffer(string: isFirst ? "" : ",")
                    piece.writeBytes(try JSONAnswer.encode(gateway))
                    try await writer.write(piece)
                    isFirst = false
                }
                var end = ByteBuffer(string: "],\"mesh\":")
                end.writeBytes(try JSONAnswer.encode(mesh.mesh))
                end.writeString("}}")
                try await writer.write(end)
                try await writer.finish(nil)
            })
    }
}

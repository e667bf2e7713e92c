import Hummingbird
import NIOCore
import WarrenAPIModel
import WarrenController
import WarrenModel

/// Routes for whoever looks for a fault.
extension API {
    static func factRoutes(_ controller: Controller) -> [Route] {
        [
            Route(
                .get, "/v1/facts", .operator, "getFacts",
                "What the controller knows of itself, without secrets: its state in short, the end of its log.",
                answer: .json([APIMessage.Fact].self)
            ) { _, _ in try JSONAnswer.response(await controller.facts().map(APIMessage.Fact.init)) },
            Route(
                .get, "/v1/gateways/{site}/facts", .operator, "getGatewayFacts",
                "What a gateway's agent knows of its gateway, without secrets: what is observed, drops, the end of its log.",
                answer: .json([APIMessage.Fact].self), refusals: [409]
            ) { _, context in
                try JSONAnswer.response(try await controller.facts(of: try site(in: context)).map(APIMessage.Fact.init))
            },
            Route(
                .post, "/v1/gateways/{site}/capture", .admin, "capturePackets",
                "The packets of IKE and ESP that a gateway exchanges with its peers, as they come: a pcap file of raw IP.",
                parameters: [
                    .query("seconds", .integer(1...UInt64(CaptureQuestion.mostSeconds)), "For so long; 10 unless given."),
                    .query("packets", .integer(1...UInt64(CaptureQuestion.mostPackets)), "At most so many; 1000 unless given."),
                    .query("whole", .oneOf(["true", "false"]), "Whole packets, not their headers alone."),
                    .query("peer", .site, "Only what is exchanged with this site."),
                ], answer: .content(CaptureFile.type), refusals: [409]
            ) { request, context in try await capture(request, context, controller) },
        ]
    }

    private static func capture(
        _ request: Request, _ context: APIContext, _ controller: Controller
    ) async throws -> Response {
        let query = context.query
        var question = CaptureQuestion(
            peer: query["peer"].flatMap { SiteName($0) }, isWhole: query["whole"] == "true")
        if let seconds = query["seconds"].flatMap({ UInt32($0) }) { question.seconds = seconds }
        if let packets = query["packets"].flatMap({ UInt32($0) }) { question.packets = packets }
        let asked = question
        let answer = try await controller.capture(on: try site(in: context), asked, by: try context.admitted)
        // Until the first chunk says that the capture has begun, it may be refused.
        for try await _ in answer { break }
        return Response(
            status: .ok, headers: [.contentType: CaptureFile.type, .cacheControl: "no-store"],
            body: .init { writer in
                try await request.body.consumeWithCancellationOnInboundClose { _ in
                    var file = CaptureFile(of: asked)
                    try await writer.write(ByteBuffer(bytes: file.header))
                    for try await case .capture(let chunk) in answer {
                        try await writer.write(ByteBuffer(bytes: file.records(of: chunk)))
                        if file.isFull { break }
                    }
                }
                try await writer.finish(nil)
            })
    }
}

extension APIMessage.Fact {
    init(_ fact: Fact) { self.init(name: fact.name, text: fact.text) }
}

import Foundation
import Hummingbird
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import WarrenAPIModel

/// Answers what is no HTTP with a problem, and closes the connection: no route ever sees it.
final class MalformedRequestHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// Requests whose answer is not written yet: another answer between would be taken for theirs.
    private var unanswered = 0

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head = unwrapInboundIn(data) { unanswered += 1 }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { unanswered -= 1 }
        context.write(data, promise: promise)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError, unanswered == 0, let problem = try? Self.problem(error) else {
            context.fireErrorCaught(error)
            return
        }
        let fields: HTTPFields = [
            .contentType: "application/problem+json", .contentLength: "\(problem.body.count)", .connection: "close",
            .cacheControl: "no-store",
        ]
        context.write(wrapOutboundOut(.head(.init(status: problem.status, headerFields: fields))), promise: nil)
        context.write(wrapOutboundOut(.body(ByteBuffer(bytes: problem.body))), promise: nil)
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
    }

    private static func problem(_ error: HTTPParserError) throws -> (status: HTTPResponse.Status, body: Data) {
        let status: HTTPResponse.Status = error == .headerOverflow ? .requestHeaderFieldsTooLarge : .badRequest
        let detail = status == .badRequest ? "this is not HTTP/1.1" : "the head of the request is too large"
        let problem = APIMessage.Problem(title: status.reasonPhrase, status: status.code, detail: detail)
        return (status, try JSONAnswer.encode(problem))
    }
}

import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import WarrenMetrics
import WarrenModel

/// Serves a gateway's metrics to Prometheus, at `/metrics` and without asking who reads: bind it to a loopback or an inner address.
public struct MetricsListener: Sendable {
    private let agent: Agent
    private let endpoint: Endpoint
    private let log: Logger

    public init(agent: Agent, endpoint: Endpoint, log: Logger) {
        self.agent = agent
        self.endpoint = endpoint
        self.log = log
    }

    /// Serves until cancelled. Throws when the port can't be opened.
    ///
    /// - Parameter opened: called with the port once it is open.
    public func run(opened: @Sendable (Int) -> Void = { _ in }) async throws {
        let agent = agent
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
                    try channel.pipeline.syncOperations.addHandler(IdleStateHandler(allTimeout: .seconds(30)))
                    try channel.pipeline.syncOperations.addHandler(MetricsHandler(agent: agent))
                }
            }
            .bind(host: endpoint.address.description, port: Int(endpoint.port)).get()
        opened(channel.localAddress?.port ?? 0)
        log.info("metrics are served", metadata: ["address": "\(endpoint)"])
        try await withTaskCancellationHandler {
            try await channel.closeFuture.get()
        } onCancel: {
            channel.close(promise: nil)
        }
    }
}

/// Answers one request after the other on a connection.
private final class MetricsHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let agent: Agent
    private var head: HTTPRequestHead?

    init(agent: Agent) { self.agent = agent }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end: if let head { answer(head, context) }
        }
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard head.uri.split(separator: "?").first == "/metrics" else {
            return write("there is no such page\n", .notFound, "text/plain", head, context)
        }
        guard head.method == .GET || head.method == .HEAD else {
            return write("this page takes GET\n", .methodNotAllowed, "text/plain", head, context)
        }
        let agent = agent, bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.makeFutureWithTask { MetricsPage(await agent.makeReport()).text }.whenSuccess { text in
            let (handler, context) = bound.value
            handler.write(text, .ok, MetricsPage.contentType, head, context)
        }
    }

    private func write(
        _ text: String, _ status: HTTPResponseStatus, _ type: String, _ request: HTTPRequestHead,
        _ context: ChannelHandlerContext
    ) {
        var head = HTTPResponseHead(version: request.version, status: status)
        head.headers.add(name: "Content-Type", value: type)
        head.headers.add(name: "Content-Length", value: "\(text.utf8.count)")
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if request.method != .HEAD {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        if !request.isKeepAlive { context.close(promise: nil) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

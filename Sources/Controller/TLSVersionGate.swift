import NIOCore
import NIOSSL
import NIOTLS

/// Closes a connection whose handshake settled on less than TLS 1.3: gRPC's own listener would take TLS 1.2.
private final class TLSVersionGate: ChannelInboundHandler {
    typealias InboundIn = Any

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted? = event as? TLSUserEvent,
            (try? context.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self))?.tlsVersion != .tlsv13
        {
            context.close(promise: nil)
            return
        }
        context.fireUserInboundEventTriggered(event)
    }
}

extension ChannelPipeline {
    /// Call on a pipeline that has its TLS handler.
    func requireTLS13() -> EventLoopFuture<Void> {
        eventLoop.flatSubmit {
            self.eventLoop.makeCompletedFuture {
                let tls = try self.syncOperations.handler(type: NIOSSLServerHandler.self)
                try self.syncOperations.addHandler(TLSVersionGate(), position: .after(tls))
            }
        }
    }
}

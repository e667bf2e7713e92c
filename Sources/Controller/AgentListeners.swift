import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Logging
import NIOSSL
import ServiceLifecycle
import WarrenModel
import WarrenWire

/// The two ports for agents: one that takes only certificates of the mesh, and one for enrolment that asks for none.
///
/// Two, because a TLS listener of gRPC either demands a client certificate or looks at none.
public struct AgentListeners: Service {
    public static let defaultLinkPort = Wire.defaultAgentPort
    public static let defaultEnrolmentPort = Wire.defaultEnrolmentPort

    private let controller: Controller
    private let link: GRPCServer<HTTP2ServerTransport.Posix>
    private let enrolment: GRPCServer<HTTP2ServerTransport.Posix>
    private let linkEndpoint: WarrenModel.Endpoint
    private let enrolmentEndpoint: WarrenModel.Endpoint

    /// Opens nothing yet. Port 0 lets the system choose.
    public init(
        controller: Controller, link linkEndpoint: WarrenModel.Endpoint, enrolment enrolmentEndpoint: WarrenModel.Endpoint
    ) throws {
        self.controller = controller
        self.linkEndpoint = linkEndpoint
        self.enrolmentEndpoint = enrolmentEndpoint
        let authority = controller.authority
        let issued = try authority.issueServer(names: controller.options.names, now: controller.options.clock.date())
        let chain: [TLSConfig.CertificateSource] = [
            .bytes(issued.certificate, format: .der), .bytes(authority.encoded, format: .der),
        ]
        let key = TLSConfig.PrivateKeySource.bytes(Array(issued.key.utf8), format: .pem)
        let config = HTTP2ServerTransport.Posix.Config.defaults { config in
            config.connection.keepalive.time = Wire.keepaliveInterval
            config.connection.keepalive.timeout = Wire.keepaliveTimeout
            config.connection.keepalive.clientBehavior = .init(
                minPingIntervalWithoutCalls: Wire.keepaliveInterval / 2, allowWithoutCalls: true)
            config.rpc.maxRequestPayloadSize = Wire.maximumMessageSize
            config.channelDebuggingCallbacks.onAcceptTCPConnection = { $0.pipeline.requireTLS13() }
        }
        link = GRPCServer(
            transport: .http2NIOPosix(
                address: linkEndpoint.socketAddress,
                transportSecurity: .mTLS(certificateChain: chain, privateKey: key) {
                    $0.trustRoots = .certificates([.bytes(authority.encoded, format: .der)])
                    $0.requireALPN = true
                }, config: config),
            services: [AgentLinkService(controller: controller)])
        var small = config
        small.rpc.maxRequestPayloadSize = 64 << 10
        enrolment = GRPCServer(
            transport: .http2NIOPosix(
                address: enrolmentEndpoint.socketAddress,
                transportSecurity: .tls(certificateChain: chain, privateKey: key) { $0.requireALPN = true }, config: small),
            services: [EnrolmentService(controller: controller)])
    }

    /// Serves until graceful shutdown or cancellation; both close the ports first and then end the sessions. Connections
    /// that do not end by themselves are dropped after `lastWords`. Throws `ControllerError.listener` when a port can't be
    /// opened.
    ///
    /// gRPC's transport, cancelled while it accepts a connection, forgets that connection, which NIO answers with a trap.
    /// So the servers run in a task of their own that no caller's cancellation reaches.
    public func run() async throws {
        let serving = Task { try await serve() }
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await serving.value
            } onGracefulShutdown: {
                close(serving)
            }
        } onCancel: {
            close(serving)
        }
    }

    private static let lastWords = Duration.seconds(5)

    private func close(_ serving: Task<Void, any Error>) {
        link.beginGracefulShutdown()
        enrolment.beginGracefulShutdown()
        Task { await controller.endSessions() }
        // It holds on to nothing but the listening: the controller's state may be opened anew before.
        Task {
            try await Task.sleep(for: Self.lastWords)
            serving.cancel()
        }
    }

    private func serve() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (server, endpoint) in [(link, linkEndpoint), (enrolment, enrolmentEndpoint)] {
                group.addTask {
                    do {
                        try await server.serve()
                    } catch let error as RuntimeError {
                        throw ControllerError.listener("\(endpoint)", "\(error.cause.map { "\($0)" } ?? error.message)")
                    }
                }
            }
            let time = Task { await controller.run() }
            defer { time.cancel() }
            // The first failure ends both.
            for try await _ in group {}
        }
        await controller.journal.flush()
    }

    /// The ports that are open, once they are.
    public var ports: (link: UInt16, enrolment: UInt16) {
        get async throws {
            (try await Self.port(of: link), try await Self.port(of: enrolment))
        }
    }

    private static func port(of server: GRPCServer<HTTP2ServerTransport.Posix>) async throws -> UInt16 {
        let address = try await server.listeningAddress
        return UInt16(clamping: address?.ipv4?.port ?? address?.ipv6?.port ?? 0)
    }
}

extension WarrenModel.Endpoint {
    var socketAddress: GRPCNIOTransportHTTP2Posix.SocketAddress {
        address.family == .ipv4
            ? .ipv4(host: address.description, port: Int(port)) : .ipv6(host: address.description, port: Int(port))
    }
}

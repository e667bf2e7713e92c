import Foundation
import Hummingbird
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL
import ServiceLifecycle
import WarrenController
import WarrenModel

/// The operators' HTTP API, version 1: the same routes on a unix socket, guarded by its file's mode, on TLS, and on a loopback
/// address, guarded by tokens. Handlers translate; `Controller` decides. Bodies are in `WarrenAPIModel`.
public struct API: Sendable {
    /// The largest body in bytes that a request may have.
    public static let maximumBodySize = 8 << 20

    /// How long a whole body may take.
    static let bodyPatience = Duration.seconds(30)

    static let serverName = "warrend"

    private let controller: Controller
    private let names: [String]
    private let log: Logger
    private let throttle: Throttle
    let table: RouteTable

    /// - Parameter names: DNS names, beside those of the controller's certificate, under which it may be asked.
    public init(controller: Controller, names: [String] = [], limits: Limits = Limits(), log: Logger) {
        self.controller = controller
        self.names = names
        self.log = log
        throttle = Throttle(limits, clock: controller.options.clock)
        let hub = StreamHub(limits: limits, log: log, feed: StreamHub.meshFeed(of: controller))
        table = RouteTable(Self.routes(controller, hub))
    }

    /// The API on a unix socket. `run` opens it with mode 0600, after making its folder if need be and removing a socket
    /// that a dead process left, and removes it at the end. `opened` is called once it can be used.
    public func onSocket(path: String, opened: @escaping @Sendable () async -> Void = {}) -> some Service {
        SocketService(path: path) {
            Application(
                router: router(.socket), server: .http1(configuration: throttle.limits.http),
                configuration: ApplicationConfiguration(
                    address: .unixDomainSocket(path: path), serverName: Self.serverName),
                onServerRunning: { _ in
                    UnixSocket.restrict(path)
                    await opened()
                }, logger: log)
        }
    }

    /// The API on TLS 1.3. Every route wants a token of this controller, or a session that was opened with one.
    ///
    /// - Parameter opened: called with the port once it can be used.
    public func onTLS(
        _ endpoint: Endpoint, opened: @escaping @Sendable (Int) async -> Void = { _ in }
    ) throws -> some Service {
        try controller.access.admitFirstToken(in: controller.state)
        let issued = try controller.authority.issueServer(
            names: controller.options.names + names, now: controller.options.clock.date())
        let chain = [
            try NIOSSLCertificate(bytes: issued.certificate, format: .der),
            try NIOSSLCertificate(bytes: controller.authority.encoded, format: .der),
        ]
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(issued.key.utf8), format: .pem)))
        tls.minimumTLSVersion = .tlsv13
        let known = Set((controller.options.names + names).map { $0.lowercased() })
        let application = Application(
            router: router(.tls(names: known)),
            server: try .tls(.http1(configuration: throttle.limits.http), tlsConfiguration: tls),
            configuration: configuration(endpoint),
            onServerRunning: { await opened($0.localAddress?.port ?? 0) }, logger: log)
        return ListenerService(name: "\(endpoint)") { application }
    }

    /// The API on HTTP in the clear, for a browser on this machine. Throws `ControllerError.listener` unless the address is a
    /// loopback one. It wants tokens and sessions as TLS does: other users of the machine can reach it, too.
    public func onLoopback(
        _ endpoint: Endpoint, opened: @escaping @Sendable (Int) async -> Void = { _ in }
    ) throws -> some Service {
        guard Self.isLoopback(endpoint.address) else {
            throw ControllerError.listener("\(endpoint)", "what is sent in the clear stays on a loopback address")
        }
        try controller.access.admitFirstToken(in: controller.state)
        let application = Application(
            router: router(.loopback), server: .http1(configuration: throttle.limits.http),
            configuration: configuration(endpoint),
            onServerRunning: { await opened($0.localAddress?.port ?? 0) }, logger: log)
        return ListenerService(name: "\(endpoint)") { application }
    }

    /// RFC 1122, 3.2.1.3, and RFC 4291, 2.5.3.
    private static func isLoopback(_ address: IPAddress) -> Bool {
        switch address.family {
        case .ipv4: address.bits >> 24 == 127
        case .ipv6: address.bits == 1
        }
    }

    private func configuration(_ endpoint: Endpoint) -> ApplicationConfiguration {
        ApplicationConfiguration(
            address: .hostname(endpoint.address.description, port: Int(endpoint.port)), serverName: Self.serverName,
            availableConnectionsDelegate: .maximum(throttle.limits.connections, logger: log))
    }

    private func router(_ entrance: Entrance) -> Router<APIContext> {
        table.router(behind: [
            SecurityHeaders(),
            ProblemMiddleware(log: log),
            Turnstile(limit: throttle.limits.concurrentRequests),
            Gate(table: table, entrance: entrance, access: controller.access, throttle: throttle),
        ])
    }
}

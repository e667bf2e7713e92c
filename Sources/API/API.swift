import Foundation
import Hummingbird
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL
import ServiceLifecycle
import WarrenController
import WarrenModel

/// The operators' HTTP API, version 1: the same routes on a unix socket, guarded by its file's mode, and on TLS, guarded by
/// a bearer token. Handlers translate; `Controller` decides. Bodies are in `WarrenAPIModel`.
public enum API {
    /// The largest body in bytes that a request may have.
    public static let maximumBodySize = 8 << 20

    static let serverName = "warrend"

    /// The API on a unix socket. `run` opens it with mode 0600, after making its folder if need be and removing a socket
    /// that a dead process left, and removes it at the end. `opened` is called once it can be used.
    public static func onSocket(
        path: String, controller: Controller, log: Logger, opened: @escaping @Sendable () async -> Void = {}
    ) -> some Service {
        SocketService(path: path) {
            Application(
                router: router(controller: controller, log: log, guardedBy: nil),
                configuration: ApplicationConfiguration(address: .unixDomainSocket(path: path), serverName: serverName),
                onServerRunning: { _ in
                    UnixSocket.restrict(path)
                    await opened()
                }, logger: log)
        }
    }

    /// The API on TLS 1.3. Every route wants the token that `BearerToken` keeps in the controller's state.
    ///
    /// - Parameter opened: called with the port once it can be used.
    public static func onTLS(
        _ endpoint: Endpoint, controller: Controller, log: Logger, opened: @escaping @Sendable (Int) async -> Void = { _ in }
    ) throws -> some Service {
        let token = try BearerToken(in: controller.state)
        let issued = try controller.authority.issueServer(
            names: controller.options.names, now: controller.options.clock.date())
        let chain = [
            try NIOSSLCertificate(bytes: issued.certificate, format: .der),
            try NIOSSLCertificate(bytes: controller.authority.encoded, format: .der),
        ]
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(issued.key.utf8), format: .pem)))
        tls.minimumTLSVersion = .tlsv13
        let application = Application(
            router: router(controller: controller, log: log, guardedBy: token), server: try .tls(tlsConfiguration: tls),
            configuration: ApplicationConfiguration(
                address: .hostname(endpoint.address.description, port: Int(endpoint.port)), serverName: serverName),
            onServerRunning: { await opened($0.localAddress?.port ?? 0) }, logger: log)
        return ListenerService(name: "\(endpoint)") { application }
    }
}

/// An application whose failure to open its listener is told by name.
struct ListenerService: Service {
    let name: String
    let application: @Sendable () throws -> any ApplicationProtocol

    func run() async throws {
        do {
            try await application().run()
        } catch let error as IOError {
            throw ControllerError.listener(name, String(cString: strerror(error.errnoCode)))
        }
    }
}

struct SocketService: Service {
    let path: String
    let application: @Sendable () throws -> any ApplicationProtocol

    init(path: String, application: @escaping @Sendable () throws -> any ApplicationProtocol) {
        self.path = path
        self.application = application
    }

    func run() async throws {
        try UnixSocket.makeFolder(of: path)
        try UnixSocket.removeStale(path)
        defer { UnixSocket.remove(path) }
        try await ListenerService(name: path, application: application).run()
    }
}

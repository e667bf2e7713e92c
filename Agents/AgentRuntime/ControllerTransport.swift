import GRPCCore
import GRPCNIOTransportHTTP2Posix
import WarrenWire

/// The three ways in which an agent opens a connection to its controller.
package enum ControllerTransport {
    package typealias Transport = HTTP2ClientTransport.Posix

    /// Any controller, verified in no way: good only for asking for a certificate that is then compared with a fingerprint.
    static func unverified(_ address: ControllerAddress) throws -> Transport {
        try make(address, .tls { $0.serverCertificateVerification = .noVerification })
    }

    /// A controller of the mesh of `authority` (DER), with no certificate of our own.
    static func verified(_ address: ControllerAddress, authority: [UInt8]) throws -> Transport {
        try make(address, .tls { $0.trustRoots = .certificates([.bytes(authority, format: .der)]) })
    }

    /// A controller of the agent's mesh, to which the agent proves who it is.
    package static func mutual(_ address: ControllerAddress, identity: AgentIdentity) throws -> Transport {
        let own = identity.certificates.dropLast().map { TLSConfig.CertificateSource.bytes($0, format: .der) }
        let security = Transport.TransportSecurity.mTLS(
            certificateChain: own,
            privateKey: .bytes(Array(identity.privateKey.derRepresentation), format: .der)
        ) { $0.trustRoots = .certificates([.bytes(identity.authority, format: .der)]) }
        return try make(address, security)
    }

    /// Options of a call that must be answered soon or not at all.
    static var promptly: CallOptions {
        var options = CallOptions.defaults
        options.timeout = .seconds(15)
        options.waitForReady = false
        return options
    }

    /// How long a connection may take to close when its calls are over: where nobody answers, that is never seen.
    private static let closing: Duration = .seconds(1)

    /// Runs `body` with a client over `transport`, until it returns or the calling task is cancelled.
    ///
    /// Unlike in `withGRPCClient`, a cancellation first ends the calls and only then the connections: a call that is queued
    /// while connections are being cancelled would wait for ever.
    static func withClient<Result>(
        over transport: Transport, isolation: isolated (any Actor)? = #isolation,
        _ body: (GRPCClient<Transport>) async throws -> Result
    ) async throws -> Result {
        let client = GRPCClient(transport: transport)
        let connections = Task { try await client.runConnections() }
        let result: Swift.Result<Result, any Error>
        do {
            result = .success(
                try await withTaskCancellationHandler {
                    try await body(client)
                } onCancel: {
                    client.beginGracefulShutdown()
                })
        } catch {
            result = .failure(error)
        }
        client.beginGracefulShutdown()
        let limit = Task {
            try await Task.sleep(for: closing)
            connections.cancel()
        }
        _ = await connections.result
        limit.cancel()
        return try result.get()
    }

    private static func make(_ address: ControllerAddress, _ security: Transport.TransportSecurity) throws -> Transport {
        try Transport(
            target: address.target, transportSecurity: security,
            config: .defaults {
                $0.http2.authority = Wire.serverName
                $0.connection.keepalive = .init(
                    time: Wire.keepaliveInterval, timeout: Wire.keepaliveTimeout, allowWithoutCalls: true)
            })
    }
}

extension RPCError {
    /// The first cause that says something, for an operator.
    var summary: String {
        var deepest = message
        var next = cause
        while let error = next {
            if let call = error as? RPCError {
                deepest = call.message
                next = call.cause
            } else {
                deepest = "\(deepest) (\(error))"
                next = nil
            }
        }
        return deepest
    }

    /// The summary, with what to do about it where that is known.
    func remedied(at address: ControllerAddress) -> String {
        switch code {
        case .unauthenticated:
            "\(summary): enrol this gateway again: make a token with 'warren token create', then run 'warren-agent enrol --force' "
                + "here and restart the agent"
        case .unimplemented:
            "\(summary): is \(address) the port where the controller enrols agents? Their sessions are served at another, "
                + "\(Wire.defaultAgentPort) unless it was set otherwise"
        default: summary
        }
    }
}

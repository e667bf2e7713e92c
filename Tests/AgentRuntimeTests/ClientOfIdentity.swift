import GRPCCore
import GRPCNIOTransportHTTP2Posix

@testable import AgentRuntime

/// Lends a connection on which `identity` is shown.
func withClient<Result: Sendable>(
    of identity: AgentIdentity, at address: ControllerAddress,
    _ body: @Sendable @escaping (GRPCClient<HTTP2ClientTransport.Posix>) async throws -> Result
) async throws -> Result {
    try await withGRPCClient(transport: ControllerTransport.mutual(address, identity: identity), handleClient: body)
}

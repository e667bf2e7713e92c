import Crypto
import FoundationEssentials
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import WarrenFailpoints
import WarrenTrust
import WarrenWire

/// A new certificate before the old one ends, with a new key.
enum CertificateRenewal {
    static func due(_ identity: AgentIdentity) throws(AgentError) -> Date {
        let (begin, end) = try identity.validity()
        let term = CertificateTerm(begin: begin.timeIntervalSince1970, end: end.timeIntervalSince1970)
        return Date(timeIntervalSince1970: term.renewalDue)
    }

    /// Asks over a connection of `identity`, and stores the new one.
    static func renew(
        _ identity: AgentIdentity, over client: GRPCClient<ControllerTransport.Transport>, in directory: StateDirectory
    ) async throws(AgentError) -> AgentIdentity {
        let requests = CertificateRequestFile(directory: directory)
        let key = try requests.begin(.renewal(of: Checksum.of(identity.certificates.first ?? []))).key
        Failpoint.agentRenewalKeyed.pass()
        var request = Warren_Agent_V1_RenewRequest()
        request.protocolVersion = WireVersion.current.wire
        request.certificateRequest = Data(try AgentIdentity.certificateRequest(site: identity.site, key: key))
        let response: Warren_Agent_V1_EnrolResponse
        do {
            response = try await Warren_Agent_V1_AgentLink.Client(wrapping: client)
                .renew(request, options: ControllerTransport.promptly)
        } catch let error as RPCError {
            throw AgentError(.refused, "the certificate was not renewed: \(error.summary)")
        } catch { throw AgentError(.unreachable, "the certificate was not renewed: \(error)") }
        guard response.site == identity.site.description else {
            throw AgentError(.untrusted, "the new certificate is for site '\(response.site)'")
        }
        let renewed = try AgentIdentity(
            site: identity.site, mesh: response.mesh, controllerHost: identity.controllerHost, privateKey: key,
            chain: response.certificateChain.map { Array($0) }, authority: identity.authority, now: .now)
        Failpoint.agentRenewalAnswered.pass()
        try renewed.storeRenewed(in: directory)
        Failpoint.agentRenewalStored.pass()
        requests.forget()
        return renewed
    }
}

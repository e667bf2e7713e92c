import Crypto
import FoundationEssentials
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import WarrenFailpoints
import WarrenModel
import WarrenTrust
import WarrenWire

/// How an agent comes by its certificate: a token shows it the right controller, and shows the controller the right agent.
public struct Enrolment: Sendable {
    public let token: EnrolmentToken
    public let address: ControllerAddress
    public let directory: StateDirectory

    /// `site`: what the operator takes this gateway for, if said. `isForced`: replace an identity that is there. An enrolment with
    /// the same token that did not come to its end goes on.
    public init(
        token: EnrolmentToken, site: SiteName? = nil, controller: ControllerAddress? = nil, directory: StateDirectory,
        isForced: Bool = false
    ) throws(AgentError) {
        if let site, site != token.site { throw AgentError(.invalid, "the token is for site \(token.site), not \(site)") }
        let told = token.controller.flatMap { ControllerAddress(enrolment: $0) }
        guard let address = controller ?? told else {
            throw AgentError(.invalid, "the token does not say where its controller is: name it with --controller HOST:PORT")
        }
        let memory = try AgentIdentity.memory(of: directory)
        let isResumed = try CertificateRequestFile(directory: directory).kept()?.purpose == Self.purpose(of: token)
        if !memory.mayEnrol(isForced: isForced, isResumed: isResumed), let present = try AgentIdentity.load(from: directory) {
            throw AgentError(
                .invalid, "this gateway is enrolled as site \(present.site) of mesh \(present.mesh): --force enrols it anew")
        }
        self.token = token
        self.address = address
        self.directory = directory
    }

    private static func purpose(of token: EnrolmentToken) -> CertificateRequestFile.Attempt.Purpose {
        .enrolment(token: token.secret.withBytes { Array(SHA256.hash(data: $0)) })
    }

    /// Reads a token's text as an operator hands it over.
    public static func token(text: String) throws(AgentError) -> EnrolmentToken {
        guard let token = EnrolmentToken(text: text) else {
            throw AgentError(.invalid, "that is not an enrolment token: copy it whole from 'warren token create'")
        }
        return token
    }

    /// Enrols, and stores the new identity. What is kept of another mesh or site is set aside.
    public func enrol() async throws(AgentError) -> AgentIdentity {
        let authority = try await fetchAuthority()
        Failpoint.agentEnrolTrusted.pass()
        let requests = CertificateRequestFile(directory: directory)
        let key = try requests.begin(Self.purpose(of: token)).key
        Failpoint.agentEnrolKeyed.pass()
        let request = Warren_Agent_V1_EnrolRequest.with { request in
            request.protocolVersion = WireVersion.current.wire
            request.token = token.text()
            request.site = token.site.description
        }
        var signed = request
        signed.certificateRequest = Data(try AgentIdentity.certificateRequest(site: token.site, key: key))
        let response = try await call(signed, authority: authority)
        Failpoint.agentEnrolAnswered.pass()
        guard response.site == token.site.description else {
            throw AgentError(.untrusted, "the controller answered for site '\(response.site)', not \(token.site)")
        }
        let identity = try AgentIdentity(
            site: token.site, mesh: response.mesh, controllerHost: address.host, privateKey: key,
            chain: response.certificateChain.map { Array($0) }, authority: authority, now: .now)
        let former = try? AgentIdentity.load(from: directory)
        if former?.site != identity.site || former?.authority != identity.authority {
            try AgentFiles(directory: directory).setAside()
        }
        try identity.storeEnrolled(in: directory)
        Failpoint.agentEnrolStored.pass()
        requests.forget()
        return identity
    }

    /// The authority's certificate, which nothing but the token's fingerprint makes worth anything.
    private func fetchAuthority() async throws(AgentError) -> [UInt8] {
        let certificate: [UInt8]
        do {
            certificate = try await withGRPCClient(transport: ControllerTransport.unverified(address)) { client in
                let enrolment = Warren_Agent_V1_Enrolment.Client(wrapping: client)
                return Array(try await enrolment.caCertificate(.init(), options: ControllerTransport.promptly).certificate)
            }
        } catch { throw fault(error) }
        guard Checksum.of(certificate) == token.authorityFingerprint else {
            throw AgentError(
                .untrusted,
                "the controller at \(address) is not the token's: its authority's fingerprint is another. Nothing was sent to it"
            )
        }
        return certificate
    }

    private func call(
        _ request: Warren_Agent_V1_EnrolRequest, authority: [UInt8]
    ) async throws(AgentError) -> Warren_Agent_V1_EnrolResponse {
        do {
            return try await withGRPCClient(
                transport: ControllerTransport.verified(address, authority: authority)
            ) { client in
                try await Warren_Agent_V1_Enrolment.Client(wrapping: client)
                    .enrol(request, options: ControllerTransport.promptly)
            }
        } catch { throw fault(error) }
    }

    private func fault(_ error: any Error) -> AgentError {
        let summary = (error as? RPCError)?.summary ?? "\(error)"
        // Only the port of agents that are enrolled asks for a certificate.
        if summary.contains("CERTIFICATE_REQUIRED") { return wrongPort(summary) }
        guard let error = error as? RPCError else { return AgentError(.unreachable, "cannot enrol at \(address): \(error)") }
        switch error.code {
        case .unavailable, .deadlineExceeded, .cancelled:
            return AgentError(
                .unreachable,
                "no controller answers at \(address): \(error.summary). The token is as good as before: try again with it")
        default:
            return AgentError(.refused, "the controller refused: \(error.summary)")
        }
    }

    private func wrongPort(_ reason: String) -> AgentError {
        AgentError(
            .refused,
            "\(address) is not where the controller enrols agents, it seems to be where it serves agents that are enrolled: "
                + "name its other port, \(Wire.defaultEnrolmentPort) unless it was set otherwise, with --controller (\(reason))"
        )
    }
}

import WarrenFailpoints
import WarrenModel
import WarrenTrust

/// An agent's certificate, as far as it counts here.
struct Certificate: Equatable {
    let id: Int
    let key: Int
    let site: SiteName
    /// That signed it.
    let authority: Int
    let term: CertificateTerm
}

/// A token, as an operator hands it over.
struct Token: Equatable {
    let id: Int
    let site: SiteName
    let authority: Int

    var purpose: CertificateAttempt<Int>.Purpose { .enrolment(token: bytes(of: id)) }
}

/// What the controller keeps of a token.
struct TokenRecord {
    let site: SiteName
    /// By the controller's wall clock.
    let end: Double
    var use = TokenUse<Int>.unused
    var issued: Certificate?
}

/// What the controller keeps of the agent that is enrolled for a site.
struct AgentRecord: Equatable {
    var certificates: SiteCertificates<Int>
    var unseen: Certificate?

    func seen(_ certificate: Int) -> AgentRecord? { certificates.seen(certificate).map { AgentRecord(certificates: $0) } }
}

/// What a call that asks for a certificate is answered.
enum CertificateAnswer {
    case certificate(Certificate)
    case refused(String)
    case unavailable
}

func bytes(of number: Int) -> [UInt8] { withUnsafeBytes(of: number.bigEndian) { Array($0) } }

extension Certificate {
    var purpose: CertificateAttempt<Int>.Purpose { .renewal(of: bytes(of: id)) }
}

extension Failpoint {
    enum Program { case controller, agent, tunnelDaemon, tool }

    /// What dies there; the tool is an operator's `warren backup` or `warren restore`.
    var program: Program {
        let name = rawValue.prefix { $0 != "." }
        return switch name {
        case "agent": .agent
        case "tunnel": .tunnelDaemon
        case "backup", "restore": .tool
        default: .controller
        }
    }

    /// The points that writing a file passes, in order.
    static let agentFile: [Failpoint] = [.agentFileWritten, .agentFileFlushed, .agentFileRenamed, .agentFileDurable]
    static let controllerFile: [Failpoint] = [
        .controllerFileWritten, .controllerFileFlushed, .controllerFileRenamed, .controllerFileDurable,
    ]
}

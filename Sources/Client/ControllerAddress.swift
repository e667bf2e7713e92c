import AsyncHTTPClient
import Foundation
import NIOCore
import NIOPosix
import NIOSSL

/// Where a controller is reached, and how it is known that it is the one.
public enum ControllerAddress: Sendable, Hashable, CustomStringConvertible {
    /// The unix socket of a controller on this machine: its file mode is the guard.
    case socket(path: String)
    /// TLS with a bearer token. `authorityFile` holds the certificates (PEM) to trust; nil: those of the system.
    case https(url: String, tokenFile: String, authorityFile: String?)

    public static let defaultSocket = "/run/warren/api.sock"

    public var description: String {
        switch self {
        case .socket(let path): path
        case .https(let url, _, _): url
        }
    }

    /// What a path is appended to.
    var base: String {
        switch self {
        case .socket(let path):
            "http+unix://" + (path.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? path)
        case .https(let url, _, _):
            url.hasSuffix("/") ? String(url.dropLast()) : url
        }
    }

    func tlsConfiguration() throws -> TLSConfiguration? {
        guard case .https(let url, _, let authorityFile) = self else { return nil }
        guard url.hasPrefix("https://") else {
            throw ClientError(.usage, "'\(url)' does not start with https://: the token would travel in the clear")
        }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv13
        guard let authorityFile else { return configuration }
        do {
            configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(authorityFile))
        } catch {
            throw ClientError(
                .usage, "cannot read certificates from '\(authorityFile)': name the authority's with --ca", cause: "\(error)")
        }
        return configuration
    }

    func bearerToken() throws -> String? {
        guard case .https(_, let tokenFile, _) = self else { return nil }
        guard let data = FileManager.default.contents(atPath: tokenFile), data.count <= 4096 else {
            throw ClientError(.usage, "cannot read a token from '\(tokenFile)': name its file with --token-file")
        }
        let token = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard !token.isEmpty, token.utf8.allSatisfy({ (33...126).contains($0) }) else {
            throw ClientError(.usage, "'\(tokenFile)' does not hold a token: one line of printable characters is expected")
        }
        return token
    }

    /// The plain sentence for a controller that cannot be spoken to.
    func unreachable(cause: any Error) -> ClientError {
        let message =
            switch self {
            case .socket(let path) where Self.isDenied(cause):
                "only root and the user that warrend runs as may use \(path): run it with sudo"
            case .socket(let path):
                "warrend does not answer at \(path): is it running? "
                    + "Start it with 'warrend --state /var/lib/warren --api-socket \(path)', "
                    + "or name another socket with --socket or WARREN_SOCKET"
            case .https(let url, _, _) where Self.hasOtherNames(cause):
                "the controller's certificate is not for the name in \(url): use one that 'warrend --name' or '--api-name' says"
            case .https(let url, _, let authorityFile) where "\(cause)".contains("CERTIFICATE_VERIFY_FAILED"):
                if let authorityFile {
                    "the certificate of \(url) is not of the authority in '\(authorityFile)': that of a controller is 'ca.pem' in "
                        + "its state"
                } else {
                    "the certificate of \(url) is of no authority that this system trusts: name the controller's own with --ca; it "
                        + "is 'ca.pem' in its state"
                }
            case .https(let url, _, _):
                "warrend does not answer at \(url): is it running with --api-listen?"
            }
        return ClientError(.unreachable, message, cause: Self.plainText(of: cause))
    }

    private static func hasOtherNames(_ error: any Error) -> Bool {
        if let failure = error as? NIOConnectionError { return failure.connectionErrors.contains { hasOtherNames($0.error) } }
        return error as? NIOSSLExtraError == .failedToValidateHostname
    }

    private static func isDenied(_ error: any Error) -> Bool {
        if let failure = error as? NIOConnectionError { return failure.connectionErrors.contains { isDenied($0.error) } }
        return (error as? IOError)?.errnoCode == EACCES
    }

    /// The errno or TLS text of a connection error without the layers around it.
    private static func plainText(of error: any Error) -> String {
        if let failure = error as? NIOConnectionError {
            return failure.connectionErrors.first.map { plainText(of: $0.error) } ?? "cannot connect to \(failure.host)"
        }
        if let failure = error as? IOError { return String(cString: strerror(failure.errnoCode)) }
        return "\(error)"
    }
}

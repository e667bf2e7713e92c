import Foundation
import Hummingbird
import WarrenModel

/// The way by which a request comes in, and what it must prove there.
enum Entrance: Sendable, Equatable {
    /// The unix socket: whoever may open it is an admin.
    case socket
    /// TLS; the names, in lower case, are those under which the controller may be asked.
    case tls(names: Set<String>)
    /// HTTP in the clear on this machine's own address, for a browser on it.
    case loopback

    /// With its prefix, browsers take a cookie only over TLS, and only for this host (RFC 6265bis, 4.1.3.2).
    var cookieName: String {
        if case .tls = self { return "__Host-warren" }
        return "warren"
    }

    private var scheme: String {
        if case .tls = self { return "https" }
        return "http"
    }

    /// A page of somewhere else can have its name point at this address (DNS rebinding), and a browser then takes our answers
    /// for its own. So a name must be one of ours. An address cannot be pointed elsewhere.
    func checkHost(of request: Request) throws {
        guard self != .socket else { return }
        let host = Self.host(of: request.head.authority ?? "")
        let names: Set<String> = if case .tls(let names) = self { names } else { [] }
        guard let host, host == "localhost" || names.contains(host) || IPAddress(host) != nil else {
            throw Refusal(
                .misdirectedRequest,
                "this controller does not know itself by that name: 'warrend --name NAME' or '--api-name NAME' says it")
        }
    }

    /// What a cookie is enough for must not be done for another site's page: its requests name its origin (Fetch, 3.2), and
    /// whatever changes something must name ours.
    func checkOrigin(of request: Request) throws {
        if let site = request.headers.first(where: { $0.name.canonicalName == "sec-fetch-site" })?.value, site != "same-origin",
            site != "none"
        {
            throw Refusal(.forbidden, "a page of another origin asks")
        }
        let isSafe = [.get, .head].contains(request.method)
        let origin = request.headers[.origin]
        guard origin != nil || !isSafe else { return }
        guard let origin, let authority = request.head.authority,
            origin.lowercased() == "\(scheme)://\(authority.lowercased())"
        else { throw Refusal(.forbidden, "with a session's cookie, 'Origin' must be this controller's own") }
    }

    /// Without port and brackets, in lower case; nil when it is none.
    private static func host(of authority: String) -> String? {
        let text = authority.lowercased()
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            return String(text[text.index(after: text.startIndex)..<end])
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, let host = parts.first, !host.isEmpty else { return nil }
        return String(host)
    }
}

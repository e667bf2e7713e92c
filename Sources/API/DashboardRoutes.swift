import CDashboard
import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// The dashboard: the page at `/` and the files it is made of below `/assets/`, each by its plain name. They hold no data of a
/// mesh and are open to anybody; the page reads the API like every other client.
struct Dashboard: Sendable {
    struct File: Sendable {
        let bytes: ByteBuffer
        let type: String
        let tag: String

        init(name: String, bytes: ByteBuffer) {
            self.bytes = bytes
            type = Dashboard.types[name.split(separator: ".").last.map(String.init) ?? ""] ?? "application/octet-stream"
            let digest = SHA256.hash(data: Data(bytes.readableBytesView))
            tag = "\"" + digest.prefix(12).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() + "\""
        }
    }

    static let page = "index.html"
    static let d3 = "d3.min.js"
    /// Where Debian's node-d3 puts D3 version 5; where a package may put it, too.
    static let d3Places = ["/usr/share/warren/d3.min.js", "/usr/share/nodejs/d3/dist/d3.min.js"]

    private static let types = [
        "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
        "svg": "image/svg+xml",
    ]

    /// Nothing from another host, nothing inline, no markup made from text, no other page's frame.
    static let headers: HTTPFields = {
        var fields = HTTPFields()
        fields[.contentSecurityPolicy] =
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
            + "require-trusted-types-for 'script'; trusted-types 'none'"
        fields[.cacheControl] = "no-cache"
        return fields
    }()

    /// By name.
    let files: [String: File]

    /// - Parameter d3Places: the first of these that can be read is served as D3; where none can, an empty script is, and the
    ///   pages do with tables.
    init(d3Places: [String] = Self.d3Places) {
        var files: [String: File] = [:]
        var position = 0
        while case let entry = warren_dashboard_file_at(position), let name = entry.name {
            let bytes = UnsafeBufferPointer(start: entry.bytes, count: entry.length)
            files[String(cString: name)] = File(name: String(cString: name), bytes: ByteBuffer(bytes: bytes))
            position += 1
        }
        let script =
            d3Places.lazy.compactMap { FileManager.default.contents(atPath: $0) }.first
            ?? Data("// D3 is not installed on the controller's host: apt-get install node-d3\n".utf8)
        files[Self.d3] = File(name: Self.d3, bytes: ByteBuffer(bytes: script))
        self.files = files
    }

    /// The file of that name; 304 without it when the caller has it already (RFC 9110, 13.1.2).
    func response(to request: Request, file name: String) throws -> Response {
        guard let file = files[name] else { throw Refusal(.notFound, "the dashboard has no such file") }
        var headers = Self.headers
        headers[.eTag] = file.tag
        headers[.contentType] = file.type
        let known = (request.headers[.ifNoneMatch] ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        guard !known.contains(where: { $0 == "*" || $0 == file.tag || $0 == "W/" + file.tag }) else {
            return Response(status: .notModified, headers: headers)
        }
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: file.bytes))
    }
}

extension API {
    /// Routes that need no credential: what they answer is the same for every mesh.
    static func dashboardRoutes(_ dashboard: Dashboard = Dashboard()) -> [Route] {
        [
            Route(.get, "/", .anyone, "getDashboard", "The dashboard's page.", answer: .content("text/html")) { request, _ in
                try dashboard.response(to: request, file: Dashboard.page)
            },
            Route(
                .get, "/assets/{file}", .anyone, "getAsset", "A file of the dashboard.",
                answer: RouteAnswer(status: .ok, type: nil, shape: nil)
            ) { request, context in try dashboard.response(to: request, file: try context.parameters.require("file")) },
        ]
    }
}

import Crypto
import Foundation
import Hummingbird
import WarrenController

/// The secret that opens the API on TLS. It is made at the first start and kept in the state as `api-token`, for the operator
/// to read; in memory only its hash is kept.
struct BearerToken: Sendable {
    static let file = "api-token"
    private let hash: SHA256.Digest

    init(in state: StateDirectory) throws {
        if let bytes = try state.readSecret(Self.file) {
            let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            guard text.utf8.count >= 32 else { throw ControllerError.stateDirectory(state.file(Self.file), "holds no token") }
            hash = SHA256.hash(data: Data(text.utf8))
        } else {
            let text = SymmetricKey(size: .bits256).withUnsafeBytes { bytes in
                bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
            }
            try state.writeSecret(Self.file, Array((text + "\n").utf8))
            hash = SHA256.hash(data: Data(text.utf8))
        }
    }

    /// Takes the same time wherever the two differ: digests are compared, and that in constant time.
    func admits(_ authorization: String?) -> Bool {
        guard let authorization, authorization.lowercased().hasPrefix("bearer ") else { return false }
        let presented = authorization.dropFirst(7).trimmingCharacters(in: .whitespaces)
        return SHA256.hash(data: Data(presented.utf8)) == hash
    }
}

/// Answers 401 unless the request carries the token (RFC 6750).
struct BearerMiddleware<Context: RequestContext>: RouterMiddleware {
    let token: BearerToken

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard token.admits(request.headers[.authorization]) else {
            var response = try Problems.response(status: .unauthorized, detail: "a bearer token of this controller is needed")
            response.headers[.wwwAuthenticate] = "Bearer"
            return response
        }
        return try await next(request, context)
    }
}

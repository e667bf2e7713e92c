import AsyncHTTPClient
import Crypto
import Foundation
import NIOCore
import NIOHTTP1
import WarrenModel
import WarrenStore

/// One address that is told of events, and the secret that it knows them by.
///
/// Each request says in `Warren-Timestamp` when it was made, in seconds since 1970, and in `Warren-Signature` `v1=` and the
/// HMAC-SHA256 (RFC 2104) of the timestamp, a full stop and the body, in hexadecimal digits. The receiver compares it, and refuses
/// what is older than a few minutes.
public struct Webhook: Sendable {
    public let url: String
    private let secret: SecretBytes?

    /// Nil unless the text is an `http` or `https` URL with a host.
    public init?(url: String, secret: SecretBytes?) {
        guard let parsed = URL(string: url), let scheme = parsed.scheme?.lowercased(), ["http", "https"].contains(scheme),
            parsed.host?.isEmpty == false
        else { return nil }
        self.url = url
        self.secret = secret
    }

    enum Outcome: Equatable {
        case taken
        /// It will not be taken the next time either.
        case refused(String)
        case failed(String)
    }

    func request(_ body: [UInt8], of event: EventRecord, at now: Date) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url)
        let timestamp = String(Int64(now.timeIntervalSince1970))
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "User-Agent", value: "warrend")
        request.headers.add(name: "Warren-Event", value: event.kind.rawValue)
        request.headers.add(name: "Warren-Delivery", value: "\(event.number)")
        request.headers.add(name: "Warren-Timestamp", value: timestamp)
        if let signature = signature(timestamp, body) {
            request.headers.add(name: "Warren-Signature", value: "v1=" + signature)
        }
        request.body = .bytes(ByteBuffer(bytes: body))
        return request
    }

    private func signature(_ timestamp: String, _ body: [UInt8]) -> String? {
        secret?.withBytes { key in
            let code = HMAC<SHA256>.authenticationCode(
                for: Array((timestamp + ".").utf8) + body, using: SymmetricKey(data: Array(key)))
            return code.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        }
    }

    func send(_ request: HTTPClientRequest, with client: HTTPClient) async -> Outcome {
        do {
            let response = try await client.execute(request, timeout: .seconds(10))
            // What it says is of no interest; a little is read so that the connection can be used again.
            _ = try? await response.body.collect(upTo: 64 << 10)
            switch response.status.code {
            case 200..<300: return .taken
            case 408, 425, 429, 500...: return .failed("\(response.status)")
            default: return .refused("\(response.status)")
            }
        } catch {
            return .failed("\(error)")
        }
    }
}

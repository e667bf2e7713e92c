import AsyncHTTPClient
import Foundation
import NIOCore
import WarrenAPIModel
import WarrenModel

/// What is read by whoever looks for a fault.
extension ControllerClient {
    /// `GET /v1/facts`.
    public func facts() async throws -> [APIMessage.Fact] { try await get("/v1/facts") }

    /// `GET /v1/gateways/{site}/facts`. Fails with `.conflict` when its agent is away, or cannot.
    public func facts(of site: SiteName) async throws -> [APIMessage.Fact] { try await get("/v1/gateways/\(site)/facts") }

    /// The answer to `GET` of a path, as the controller's own text.
    public func text(of path: String) async throws -> String {
        String(decoding: try await exchange(.GET, path, body: nil, accept: "*/*"), as: UTF8.self)
    }

    /// `POST /v1/gateways/{site}/capture`: lends the bytes of the file as they come. Fails with `.conflict` when the agent is away,
    /// or cannot. A cancelled task ends the capture.
    public func capture(
        on site: SiteName, _ question: CaptureQuestion, take: @Sendable ([UInt8]) throws -> Void
    ) async throws {
        let path = Self.path(
            "/v1/gateways/\(site)/capture",
            [
                ("seconds", "\(question.seconds)"), ("packets", "\(question.packets)"), ("whole", "\(question.isWhole)"),
                ("peer", question.peer?.description),
            ])
        try await stream(.POST, path, accept: "application/vnd.tcpdump.pcap", seconds: Int64(question.milliseconds / 1000) + 30)
        {
            try take(Array($0.readableBytesView))
        }
    }
}

import Foundation
import WarrenAPIModel
import WarrenStatus

/// One message of a stream of server-sent events (WHATWG HTML, 9.2).
struct StreamMessage: Sendable {
    /// Counts from 1 within one run of the hub; nil: it is not repeated to those who come later.
    let number: UInt64?
    let text: String

    /// What keeps a connection alive that has nothing to tell, and finds out a reader that has gone.
    static let heartbeat = StreamMessage(number: nil, text: ": still here\n\n")

    private init(number: UInt64?, text: String) {
        self.number = number
        self.text = text
    }

    /// - Parameter run: of the hub; with the number, what a client shows to go on from here.
    init(event: String, number: UInt64?, run: String, data: some Encodable) throws {
        // JSON has no line ends outside of texts, and writes those in them as `\n`.
        let json = String(decoding: try JSONAnswer.encode(data), as: UTF8.self)
        let id = number.map { "id: \(run)-\($0)\n" } ?? ""
        self.init(number: number, text: "event: \(event)\n\(id)data: \(json)\n\n")
    }
}

/// What has changed since the batch before.
struct StreamBatch: Sendable {
    var links: [LinkStatus] = []
    var sites: [SiteStatus] = []
    var events: [APIMessage.Event] = []
    var rollout: APIMessage.RolloutStatus?
    /// Too much has changed to be told, or something of it was lost.
    var isWhole = false

    func messages(run: String, from first: UInt64) throws -> [StreamMessage] {
        var messages: [StreamMessage] = []
        func add(_ event: String, _ data: some Encodable) throws {
            let number = first + UInt64(messages.count)
            messages.append(try StreamMessage(event: event, number: number, run: run, data: data))
        }
        if isWhole { try add("resync", [String: String]()) }
        if !sites.isEmpty { try add("sites", sites) }
        if !links.isEmpty { try add("links", links) }
        if !events.isEmpty { try add("events", events) }
        if let rollout { try add("rollout", rollout) }
        return messages
    }
}

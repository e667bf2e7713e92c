import NIOConcurrencyHelpers
import WarrenModel
import WarrenStore
import WarrenWire

/// One agent's open stream, as the controller holds it: a bell that rings when there may be something to tell.
final class Session: Sendable {
    let site: SiteRecord
    /// Of the certificate that opened it.
    let fingerprint: String
    /// One element for each time to look; several rings before one is heard count as one.
    let bell: AsyncStream<Void>
    /// Where the stream comes from, as seen here; nil when not known.
    let remote: IPAddress?
    /// That the agent speaks.
    let version: WireVersion
    /// What the agent was asked and has not answered.
    let questions: SessionQuestions
    private let ringer: AsyncStream<Void>.Continuation
    private let ending = NIOLockedValueBox<ControllerError?>(nil)
    private let outgoing = NIOLockedValueBox(Outgoing())

    /// A state that the agent can't be told.
    struct Refusal: Sendable {
        var version: StateVersion
        var reason: String
    }

    /// What was sent on this stream, and what is to be.
    private struct Outgoing {
        var sent: StateVersion?
        var confirmation: StateVersion?
        var refusal: Refusal?
    }

    init(site: SiteRecord, fingerprint: String, version: WireVersion = .current, remote: IPAddress? = nil) {
        self.site = site
        self.version = version
        self.fingerprint = fingerprint
        self.remote = remote
        questions = SessionQuestions(site: site.name)
        (bell, ringer) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func ring() { ringer.yield() }

    /// The state that the agent was sent last on this stream.
    var sent: StateVersion? {
        get { outgoing.withLockedValue { $0.sent } }
        set { outgoing.withLockedValue { $0.sent = newValue } }
    }

    /// The state that the agent shall run, and can't be told; nil when it can.
    var refusal: Refusal? {
        get { outgoing.withLockedValue { $0.refusal } }
        set { outgoing.withLockedValue { $0.refusal = newValue } }
    }

    /// Tells the agent that the version is to stay.
    func confirm(_ version: StateVersion) {
        outgoing.withLockedValue { $0.confirmation = version }
        ring()
    }

    /// What is to be confirmed now; once.
    func takeConfirmation() -> StateVersion? {
        outgoing.withLockedValue { outgoing in
            defer { outgoing.confirmation = nil }
            return outgoing.confirmation
        }
    }

    /// Ends the stream; the first reason given is the one that the agent hears. None: the agent has gone by itself.
    func end(_ reason: ControllerError? = nil) {
        ending.withLockedValue { if $0 == nil { $0 = reason } }
        ringer.finish()
        questions.end()
    }

    var reason: ControllerError? { ending.withLockedValue { $0 } }
}

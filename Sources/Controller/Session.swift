import NIOConcurrencyHelpers
import WarrenModel
import WarrenStore

/// One agent's open stream, as the controller holds it: a bell that rings when its desired state may have changed.
final class Session: Sendable {
    let site: SiteRecord
    /// Of the certificate that opened it.
    let fingerprint: String
    /// One element for each time to send the desired state; several rings before one is heard count as one.
    let bell: AsyncStream<Void>
    private let ringer: AsyncStream<Void>.Continuation
    private let ending = NIOLockedValueBox<ControllerError?>(nil)

    init(site: SiteRecord, fingerprint: String) {
        self.site = site
        self.fingerprint = fingerprint
        (bell, ringer) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func ring() { ringer.yield() }

    /// Ends the stream; the first reason given is the one that the agent hears.
    func end(_ reason: ControllerError) {
        ending.withLockedValue { if $0 == nil { $0 = reason } }
        ringer.finish()
    }

    var reason: ControllerError? { ending.withLockedValue { $0 } }
}

import WarrenModel
import WarrenPlan

/// What a mesh's control is told. Versions are those that the gateways were given.
public enum ControlEvent: Sendable, Equatable {
    /// A gateway opened a stream, which takes the place of any other of its own.
    case connected(SiteName, version: StateVersion, isOnTrial: Bool)
    case disconnected(SiteName)
    /// Its stream is open, and for too long no report has come on it: how its links are is not known any longer.
    case silent(SiteName)
    case reported(GatewayAccount)
    case link(LinkID, isUp: Bool)
    /// Time has passed; due at `MeshControl.deadline`.
    case tick
    /// The controller started anew.
    case restarted
    case command(RolloutCommand)
    /// All addresses that are known by now of sites whose inventory doesn't say them.
    case learned([SiteName: [IPAddress]])
    /// The keys of the site's links are in wrong hands: they are used no longer, on any gateway, at once.
    case compromised(SiteName)
}

/// What a mesh's control asks for, in order, once its record is on disk.
public enum ControlAction: Sendable, Equatable {
    /// What the site's gateway shall run may differ from what it was last told.
    case offer(SiteName)
    /// The gateway is to be told what it shall run, in case it was not, or does not know it any longer. Nothing new.
    case remind(SiteName)
    /// Tell the gateway, on the stream that it opened last, that this version is to stay.
    case confirm(SiteName, StateVersion)
    case note(RolloutNote)
    /// Accept the content of this generation as a new one, with a roll-out that is a rolling back.
    case rollBack(to: Generation, reason: String)
    case finished(RolloutOutcome)

    /// Whether the record must be on disk first. A confirmation that is lost is asked for again.
    public var isDurable: Bool {
        switch self {
        case .confirm, .remind: false
        case .offer, .note, .rollBack, .finished: true
        }
    }
}

import WarrenInventory
import WarrenModel
import WarrenRollout

/// Why the controller refused or failed. No case's text holds a secret.
public enum ControllerError: Error, Sendable, CustomStringConvertible {
    /// A file or folder of the state is not as it must be: path, and what is wrong.
    case stateDirectory(String, String)
    /// The authority's files don't fit together or can't be read.
    case authority(String)
    /// The inventory has these faults.
    case rejected([Diagnostic])
    /// The caller counted from a generation that is not current.
    case generationConflict(current: Generation)
    /// What is to be accepted is not what the caller has seen: in what.
    case changed(String)
    /// The roll-out to this generation is not finished.
    case rolloutUnderWay(Generation, Rollout.State)
    /// There is nothing here that this could be done to.
    case nothingToDo(String)
    case unknownSite(SiteName)
    case unknownLink(LinkID)
    /// No generation of this number is kept.
    case unknownGeneration(Generation)
    /// There is no operators' token of this name.
    case unknownAccessToken(String)
    /// The request is not well-formed.
    case malformed(String)
    /// The token, or the certificate, is not one that this controller takes.
    case unauthenticated(String)
    /// The caller is known, and may not do this.
    case forbidden(String)
    /// A listener could not be opened: its address, and why.
    case listener(String, String)
    /// Nothing is wrong: it cannot be done at this moment.
    case unavailable(String)
    /// The store or the system failed.
    case failed(String)

    public var description: String {
        switch self {
        case .stateDirectory(let path, let problem): "'\(path)' \(problem)"
        case .authority(let problem): "certificate authority: \(problem)"
        case .rejected(let diagnostics): diagnostics.map(\.description).joined(separator: "\n")
        case .generationConflict(let current): "the current generation is \(current), not the one that was expected"
        case .changed(let difference): "\(difference): look at the changes again"
        case .rolloutUnderWay(let generation, let state): Self.text(of: state, generation)
        case .nothingToDo(let problem): problem
        case .unknownGeneration(let generation): "generation \(generation) is not kept: 'warren history' lists those that are"
        case .unknownAccessToken(let name):
            "there is no access token named '\(name)': 'warren access list' shows those there are"
        case .unknownSite(let site): "the mesh has no site '\(site)': 'warren status' lists those it has"
        case .unknownLink(let link): "the mesh has no link '\(link)': 'warren status' shows those it has"
        case .malformed(let problem), .unauthenticated(let problem), .forbidden(let problem), .unavailable(let problem),
            .failed(let problem):
            problem
        case .listener(let address, let problem): "cannot listen on \(address): \(problem)"
        }
    }

    private static func text(of state: Rollout.State, _ generation: Generation) -> String {
        let ways = "abort it ('warren rollout abort') or roll it back ('warren rollout rollback')"
        return switch state {
        case .running: "the roll-out to generation \(generation) is under way: wait until it is finished, \(ways)"
        case .paused:
            "the roll-out to generation \(generation) is paused: resume it ('warren rollout resume') and wait, \(ways)"
        case .halted(let reason):
            "the roll-out to generation \(generation) has halted (\(reason)): resume it ('warren rollout resume'), \(ways)"
        case .finished: "the roll-out to generation \(generation) is just being finished: try again"
        }
    }
}

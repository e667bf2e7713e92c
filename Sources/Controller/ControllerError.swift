import WarrenInventory
import WarrenModel

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
    case unknownSite(SiteName)
    /// The request is not well-formed.
    case malformed(String)
    /// The token, or the certificate, is not one that this controller takes.
    case unauthenticated(String)
    /// The caller is known, and may not do this.
    case forbidden(String)
    /// A listener could not be opened: its address, and why.
    case listener(String, String)
    /// The store or the system failed.
    case failed(String)

    public var description: String {
        switch self {
        case .stateDirectory(let path, let problem): "'\(path)' \(problem)"
        case .authority(let problem): "certificate authority: \(problem)"
        case .rejected(let diagnostics): diagnostics.map(\.description).joined(separator: "\n")
        case .generationConflict(let current): "the current generation is \(current), not the one that was expected"
        case .unknownSite(let site): "the mesh has no site '\(site)'"
        case .malformed(let problem), .unauthenticated(let problem), .forbidden(let problem), .failed(let problem): problem
        case .listener(let address, let problem): "cannot listen on \(address): \(problem)"
        }
    }
}

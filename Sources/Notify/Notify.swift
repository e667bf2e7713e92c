import Foundation
import WarrenModel
import WarrenStore

/// Notification of what an operator wants to be woken for: events as signed HTTP requests to addresses of their choice.
public enum Notify {
    /// The kinds of events that are told.
    public static let kinds: Set<EventRecord.Kind> = [
        .linkUp, .linkDown, .linkDegraded, .linkFlapping, .linkSteady, .linksChanged, .rolloutHalted,
    ]
    /// An event that could not be told within this time is told no more.
    public static let patience: TimeInterval = 3600

    /// The body of a request.
    public struct Message: Sendable, Codable {
        /// Grows with each event of a mesh: who hears one twice knows it by its number.
        public var number: UInt64
        /// RFC 3339, UTC.
        public var at: String
        public var mesh: String
        public var kind: String
        public var site: SiteName?
        public var link: LinkID?
        public var text: String
    }
}

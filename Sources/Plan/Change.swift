import WarrenModel

/// One difference between two plans: what it touches, and a sentence for a person.
public struct Change: Sendable, Hashable, Codable {
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable { case add, change, remove }
    /// The gateway that the change happens on.
    public var site: SiteName
    public var kind: Kind
    /// What is changed: `tunnel gif2`, `route 192.168.2.0/24`, `policy out A/32 B/32 ipencap`, …
    public var subject: String
    /// The old and new text of the thing; nil where there is none.
    public var old: String?
    public var new: String?
    /// The link that it belongs to, if to one.
    public var link: LinkID?

    public init(site: SiteName, kind: Kind, subject: String, old: String? = nil, new: String? = nil, link: LinkID? = nil) {
        self.site = site
        self.kind = kind
        self.subject = subject
        self.old = old
        self.new = new
        self.link = link
    }
}

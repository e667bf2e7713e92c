/// Who may speak for a site: which of its certificates are good, when one is renewed, and for whom a token is good. Controller and
/// agents ask these rules and do what they say; certificates, keys and files are theirs.
///
/// Answers get lost, and both ends die between any two steps. So whoever asks for a certificate has its key on disk first and asks
/// again with the same, and the same question gets the same answer.
///
/// `ID` stands for a certificate or a key, for instance its SHA-256.
public struct SiteCertificates<ID: Hashable & Sendable>: Sendable, Hashable {
    /// The one that was issued last.
    public let newest: ID
    /// What `newest` certifies; nil when that was not kept.
    public let key: ID?
    /// The one that `newest` renews: it is good until `newest` is first seen, in case the agent never got that.
    public let renews: ID?

    public init(newest: ID, key: ID?, renews: ID? = nil) {
        self.newest = newest
        self.key = key
        self.renews = renews
    }

    /// Whether whoever holds `certificate` speaks for the site.
    public func accepts(_ certificate: ID) -> Bool { certificate == newest || certificate == renews }

    /// What holds once `certificate` was seen; nil when that is what holds already.
    public func seen(_ certificate: ID) -> SiteCertificates? {
        certificate == newest && renews != nil ? SiteCertificates(newest: newest, key: key) : nil
    }

    /// What becomes of a wish for another certificate.
    public enum Renewal: Sendable { case refused, issued, issuedBefore }

    /// - Parameters:
    ///   - presented: what the agent shows.
    ///   - wanted: the key that it wants certified. If `newest` is for that, it is the answer once more: an earlier answer was lost,
    ///     or the earlier wish comes late.
    public func renewal(of presented: ID, for wanted: ID) -> Renewal {
        guard accepts(presented) else { return .refused }
        return presented == renews && wanted == key ? .issuedBefore : .issued
    }

    /// What holds once `certificate`, for `key`, was issued to whoever showed `presented`.
    public func renewed(by certificate: ID, for key: ID, showing presented: ID) -> SiteCertificates {
        SiteCertificates(newest: certificate, key: key, renews: presented)
    }
}

/// What a token was used for.
public enum TokenUse<ID: Hashable & Sendable>: Sendable, Hashable {
    case unused
    /// Nobody had used it when another was made for its site.
    case replaced
    /// It is good for nothing any more, whoever has it.
    case spent
    /// This certificate was issued for it, for this key.
    case used(certificate: ID, key: ID)

    /// What becomes of a wish to enrol with a token.
    public enum Admission: Sendable { case enrolled, enrolledBefore, expired, replaced, used }

    /// A token is worth one certificate, of one key. Whoever has that key gets the same certificate again, since the answer may have
    /// been lost, as long as it is the one that the site has: not once it was renewed or revoked, or another agent has enrolled.
    ///
    /// - Parameter certificates: those of the token's site; nil when it has none.
    public func admission(of key: ID, isExpired: Bool, certificates: SiteCertificates<ID>?) -> Admission {
        switch self {
        case .unused: isExpired ? .expired : .enrolled
        case .replaced: .replaced
        case .used(let certificate, key):
            certificates == SiteCertificates(newest: certificate, key: key) ? .enrolledBefore : .used
        case .used, .spent: .used
        }
    }
}

/// A certificate that a gateway asks for, as it keeps that until the answer is on disk.
public struct CertificateAttempt<Key> {
    public enum Purpose: Sendable, Hashable, Codable {
        /// With the token of this hash.
        case enrolment(token: [UInt8])
        /// In place of the certificate of this fingerprint.
        case renewal(of: [UInt8])
    }

    public let purpose: Purpose
    public let key: Key

    public init(purpose: Purpose, key: Key) {
        self.purpose = purpose
        self.key = key
    }

    /// What was begun for `purpose` goes on, with its key. Else there is none: another is to be made and kept before anybody hears
    /// of it.
    public static func resumed(_ kept: CertificateAttempt?, for purpose: Purpose) -> CertificateAttempt? {
        kept?.purpose == purpose ? kept : nil
    }
}

extension CertificateAttempt: Sendable where Key: Sendable {}
extension CertificateAttempt: Equatable where Key: Equatable {}

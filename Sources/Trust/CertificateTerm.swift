/// From when until when a certificate holds, in seconds of wall clocks.
public struct CertificateTerm: Sendable, Hashable {
    public let begin: Double
    public let end: Double

    public init(begin: Double, end: Double) {
        self.begin = begin
        self.end = end
    }

    /// Clocks of a fleet differ: a certificate begins this much before its making, but for those that hold so briefly that
    /// it would be time to renew them at once.
    public static let longestBackdate = 300.0

    /// Of a certificate that is made `now` and shall hold for `lifetime`, but not longer than its authority's.
    public init(now: Double, lifetime: Double, authorityEnd: Double) {
        let end = min(now + lifetime, authorityEnd)
        self.init(begin: now - min(Self.longestBackdate, (end - now) / 10), end: end)
    }

    public func holds(at time: Double) -> Bool { begin <= time && time < end }

    /// When two thirds of the time have passed.
    public var renewalDue: Double { begin + (end - begin) * 2 / 3 }
}

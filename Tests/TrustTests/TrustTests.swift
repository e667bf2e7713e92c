import Testing
import WarrenTrust

@Suite struct TrustTests {
    typealias Certificates = SiteCertificates<String>

    @Test func aRenewedCertificateIsGoodUntilTheNewOneIsSeen() throws {
        let first = Certificates(newest: "a", key: "ka")
        #expect(first.accepts("a") && !first.accepts("b") && first.seen("a") == nil)
        let renewed = first.renewed(by: "b", for: "kb", showing: "a")
        #expect(renewed.accepts("a") && renewed.accepts("b"))
        #expect(renewed.seen("a") == nil)
        let settled = try #require(renewed.seen("b"))
        #expect(settled == Certificates(newest: "b", key: "kb") && !settled.accepts("a") && settled.seen("b") == nil)
    }

    /// An answer that got lost is asked for again, and a wish that comes late changes nothing.
    @Test func theSameKeyGetsTheSameCertificate() {
        let first = Certificates(newest: "a", key: "ka")
        #expect(first.renewal(of: "a", for: "kb") == .issued)
        #expect(first.renewal(of: "x", for: "kb") == .refused)
        let renewed = first.renewed(by: "b", for: "kb", showing: "a")
        #expect(renewed.renewal(of: "a", for: "kb") == .issuedBefore)
        #expect(renewed.renewal(of: "a", for: "kc") == .issued)
        #expect(renewed.renewal(of: "b", for: "kc") == .issued)
        #expect(renewed.seen("b")?.renewal(of: "a", for: "kb") == .refused)
    }

    @Test func aTokenIsWorthOneCertificateOfOneKey() {
        let use = TokenUse.used(certificate: "a", key: "ka"), site = Certificates(newest: "a", key: "ka")
        #expect(TokenUse<String>.unused.admission(of: "ka", isExpired: false, certificates: nil) == .enrolled)
        #expect(TokenUse<String>.unused.admission(of: "ka", isExpired: true, certificates: nil) == .expired)
        #expect(TokenUse<String>.replaced.admission(of: "ka", isExpired: false, certificates: nil) == .replaced)
        #expect(use.admission(of: "ka", isExpired: false, certificates: site) == .enrolledBefore)
        // It has been used in time.
        #expect(use.admission(of: "ka", isExpired: true, certificates: site) == .enrolledBefore)
        #expect(use.admission(of: "kb", isExpired: false, certificates: site) == .used)
        #expect(TokenUse.spent.admission(of: "ka", isExpired: false, certificates: site) == .used)
    }

    /// Renewed, revoked, or in the hands of another agent: the token brings nothing back.
    @Test func aTokenBringsNothingBack() {
        let use = TokenUse.used(certificate: "a", key: "ka"), site = Certificates(newest: "a", key: "ka")
        for later in [nil, Certificates(newest: "c", key: "kc"), site.renewed(by: "b", for: "kb", showing: "a")] {
            #expect(use.admission(of: "ka", isExpired: false, certificates: later) == .used)
        }
    }

    @Test func aCertificateIsRenewedInItsLastThird() {
        let long = CertificateTerm(now: 1_000, lifetime: 30 * 86_400, authorityEnd: .infinity)
        #expect(long.begin == 700 && long.end == 1_000 + 30 * 86_400)
        let brief = CertificateTerm(now: 1_000, lifetime: 100, authorityEnd: .infinity)
        #expect(brief.begin == 990 && brief.end == 1_100)
        #expect(brief.renewalDue > 1_060 && brief.renewalDue < 1_070)
        #expect(brief.holds(at: 990) && !brief.holds(at: 989) && !brief.holds(at: 1_100))
        #expect(CertificateTerm(now: 1_000, lifetime: 100, authorityEnd: 1_050).end == 1_050)
    }

    @Test func onlyTheSamePurposeIsResumed() {
        typealias Attempt = CertificateAttempt<Int>
        let kept = Attempt(purpose: .enrolment(token: [1]), key: 7)
        #expect(Attempt.resumed(kept, for: .enrolment(token: [1])) == kept)
        #expect(Attempt.resumed(kept, for: .enrolment(token: [2])) == nil)
        #expect(Attempt.resumed(kept, for: .renewal(of: [1])) == nil)
        #expect(Attempt.resumed(nil, for: .renewal(of: [1])) == nil)
    }

    @Test func anIdentityThatCannotBeReadGivesWayToTheOneBefore() {
        func memory(_ newest: KeptIdentity<Int>, _ former: KeptIdentity<Int>) -> IdentityMemory<Int> {
            IdentityMemory(newest: newest, former: former)
        }
        #expect(memory(.whole(2), .whole(1)).usable == 2)
        #expect(memory(.unreadable, .whole(1)).usable == 1)
        #expect(memory(.unreadable, .none).usable == nil)
        // Set aside: nobody any more.
        #expect(memory(.none, .whole(1)).usable == nil)
        #expect(!memory(.unreadable, .whole(1)).isNewestWhole && memory(.whole(2), .none).isNewestWhole)
    }

    @Test func whoIsEnrolledEnrolsAnewOnlyByForce() {
        let enrolled = IdentityMemory<Int>(newest: .whole(1), former: .none)
        #expect(!enrolled.mayEnrol(isForced: false, isResumed: true) && enrolled.mayEnrol(isForced: true, isResumed: false))
        let nobody = IdentityMemory<Int>(newest: .none, former: .none)
        #expect(nobody.mayEnrol(isForced: false, isResumed: false))
        let torn = IdentityMemory<Int>(newest: .unreadable, former: .none)
        #expect(torn.mayEnrol(isForced: false, isResumed: true) && !torn.mayEnrol(isForced: false, isResumed: false))
        let halfRenewed = IdentityMemory<Int>(newest: .unreadable, former: .whole(1))
        #expect(!halfRenewed.mayEnrol(isForced: false, isResumed: true))
    }
}

import TunnelControl
import Testing
import WarrenLab
import WarrenModel

/// One link between `warren-tunneld` and strongSwan with the kernel's own ESP, in a guest that has such a kernel.
///
/// One guest for each mode runs `Tests/Lab/uml/link` through every scenario; the tests judge what it found.
@Suite(.serialized) struct InteropTests {
    static let bothRoles: [Scenario] = [.weInitiate, .weAnswer]
    static let working = bothRoles + [.otherAlgorithms]
    static let established = working + [.crashes]
    static let wrongSecret: [Scenario] = [.wrongSecretWeInitiate, .wrongSecretWeAnswer]

    @Test(arguments: IPsecMode.allCases)
    func theGuestRanEveryScenario(mode: IPsecMode) async throws {
        let run = try await LinkRun.of(mode)
        #expect(run.exitStatus == 0, "\(run.output)")
        for scenario in Scenario.allCases {
            #expect(run.values("begins", in: scenario).count == 1 && run.values("ends", in: scenario).count == 1, "\(scenario)")
            for part in ["capture", "strongswan", "warren", "warren-down"] {
                #expect(run.values(part, in: scenario) == [], "\(part) in \(scenario): \(run.output)")
            }
        }
    }

    @Test(arguments: IPsecMode.allCases, established)
    func securityAssociationsStandAtBothEnds(mode: IPsecMode, scenario: Scenario) async throws {
        let run = try await LinkRun.of(mode)
        let other = scenario == .otherAlgorithms
        #expect(run.values("established", in: scenario).allSatisfy { $0 != "never" }, "\(run.output)")
        let far = try run.text("list-sas.txt", in: scenario)
        // That link's ends agree on ESP without UDP.
        let installed = "INSTALLED, \(mode.rawValue.uppercased())\(other ? "" : "-in-UDP"), ESP:"
        let apart = scenario == .crashes
        let esp = other ? "AES_GCM_16-128" : apart ? "AES_CBC-256/HMAC_SHA2_256_128/ESN" : "AES_GCM_16-256/ESN"
        #expect(far.contains(installed + esp), "\(far)")
        #expect(
            far.contains(other ? "AES_GCM_16-128/PRF_HMAC_SHA2_256/ECP_256" : "AES_GCM_16-256/PRF_HMAC_SHA2_384/CURVE_25519"))
        #expect(far.contains("local  203.0.113.20/32[ipencap] 203.0.113.20/32[ipv6]"))

        let observation = try run.observation("observation.json", in: scenario)
        let ike = try #require(observation.ike.first)
        #expect(ike.state == .established && ike.lastError == nil, "\(ike)")
        #expect(ike.proposal == IKEProposal(other ? "aes128gcm16-prfsha256-ecp256" : "aes256gcm16-prfsha384-x25519"))
        for direction in SecurityPolicy.Direction.allCases {
            let association = try #require(observation.securityAssociations.first { $0.direction == direction })
            #expect(association.mode == mode && association.extendedSequenceNumbers == !other)
            #expect(association.isInUDP == !other)
            #expect(association.encryption == (other ? .aes128gcm16 : apart ? .aes256sha256 : .aes256gcm16))
            // Our inbound SPI is what strongSwan sends to, and the other way round.
            let line = direction == .inbound ? "out" : "in "
            #expect(far.contains("\(line) \(association.spi.description.dropFirst(2))"), "\(association.spi) is not in \(far)")
        }
    }

    @Test(arguments: IPsecMode.allCases, bothRoles)
    func everyKindOfPacketPasses(mode: IPsecMode, scenario: Scenario) async throws {
        let pings = try await LinkRun.of(mode).pings(in: scenario)
        for kind in ["gateway", "lan", "lan6", "full", "fragments"] {
            for way in ["a-to-b", "b-to-a"] {
                let ping = try #require(pings["\(kind)-\(way)"])
                #expect(ping.sent == 5 && ping.answered == 5, "\(kind)-\(way): \(ping)")
            }
        }
    }

    @Test(arguments: IPsecMode.allCases, working)
    func rekeyFromEitherSideLosesNothing(mode: IPsecMode, scenario: Scenario) async throws {
        let run = try await LinkRun.of(mode)
        #expect(
            run.values("rekey", in: scenario).sorted() == [
                "strongswan-child done", "strongswan-ike done", "warren-child done", "warren-child-again done",
                "warren-ike done",
            ])
        for stream in ["stream-a-to-b.txt", "stream-b-to-a.txt"] {
            let stream = try PingStream(run.text(stream, in: scenario))
            #expect(stream.answered.count >= 30)
            #expect(stream.lost == [], "of \(stream.sent)")
            #expect(stream.repeated == [])
        }
        let before = try run.observation("observation.json", in: scenario)
        let after = try run.observation("observation-rekeyed.json", in: scenario)
        // Inbound SAs that were replaced still stand for a moment, for what is under way.
        let outbound = after.securityAssociations.filter { $0.direction == .outbound }.map(\.spi)
        #expect(outbound.count == 1)
        #expect(Set(outbound).isDisjoint(with: before.securityAssociations.map(\.spi)))
        #expect(after.ike.first?.state == .established)
        let associations = try run.text("list-sas-rekeyed.txt", in: scenario)
        let inUDP = scenario == .otherAlgorithms ? "," : "-in-UDP"
        #expect(associations.contains("INSTALLED, \(mode.rawValue.uppercased())\(inUDP)"), "\(associations)")
        for spi in outbound { #expect(associations.contains("in  \(spi.description.dropFirst(2))"), "\(spi), \(associations)") }
    }

    @Test(arguments: IPsecMode.allCases)
    func aLinkThatThePeerDeletedComesBack(mode: IPsecMode) async throws {
        let run = try await LinkRun.of(mode)
        #expect(run.values("reconnected", in: .weInitiate).count == 1)
        let ping = try #require(run.pings(in: .weInitiate)["reconnected-a-to-b"])
        #expect(ping.answered == 5, "\(ping)")
    }

    @Test(arguments: IPsecMode.allCases, established)
    func shuttingDownDeletesAtThePeer(mode: IPsecMode, scenario: Scenario) async throws {
        #expect(try await LinkRun.of(mode).values("far-end-cleared", in: scenario) == ["yes"])
    }

    @Test(arguments: IPsecMode.allCases)
    func aLinkRecoversWhenEitherEndCrashes(mode: IPsecMode) async throws {
        let run = try await LinkRun.of(mode)
        let pings = try run.pings(in: .crashes)
        #expect(pings["crashed-a-to-b"]?.answered == 0 && pings["crashed-b-to-a"]?.answered == 0, "\(pings)")
        #expect(run.values("back-after-ours", in: .crashes).count == 1, "\(run.output)")
        #expect(run.values("back-after-theirs", in: .crashes).count == 1, "\(run.output)")
        for name in [
            "back-after-ours-a-to-b", "back-after-theirs-a-to-b", "back-after-theirs-b-to-a", "full-a-to-b", "full-b-to-a",
        ] {
            #expect(pings[name]?.answered == 5, "\(name): \(pings)")
        }
    }

    @Test(arguments: IPsecMode.allCases, wrongSecret)
    func aWrongSecretIsRefusedAndNothingPasses(mode: IPsecMode, scenario: Scenario) async throws {
        let run = try await LinkRun.of(mode)
        let observation = try run.observation("observation.json", in: scenario)
        let ike = try #require(observation.ike.first)
        #expect(ike.state != .established)
        #expect(ike.lastError?.hasPrefix("AUTHENTICATION_FAILED") == true, "\(ike)")
        #expect(observation.securityAssociations == [])
        #expect(run.values("strongswan-initiate", in: scenario) == [])
        #expect(try run.text("list-sas.txt", in: scenario).contains("ESTABLISHED") == false)
        let pings = try run.pings(in: scenario)
        for name in ["lan-a-to-b", "lan-b-to-a"] {
            let ping = try #require(pings[name])
            #expect(ping.sent == 5 && ping.answered == 0, "\(name): \(ping)")
        }
    }

    @Test(arguments: IPsecMode.allCases, Scenario.allCases)
    func onlyProtectedPacketsAreOnTheWay(mode: IPsecMode, scenario: Scenario) async throws {
        let capture = try await LinkRun.of(mode).capture(in: scenario)
        let kinds = Set(capture.frames.map(\.kind))
        let esp: Capture.Kind = scenario == .otherAlgorithms ? .esp : .espInUDP
        let allowed: Set<Capture.Kind> = [.arp, .ike, .ikeInUDP, .keepalive, esp, .unreachablePort]
        for frame in capture.frames where !allowed.contains(frame.kind) {
            Issue.record("frame \(frame.number) between the gateways is \(frame.kind)")
        }
        #expect(kinds.contains(.ike))
        #expect(kinds.contains(esp) == Self.established.contains(scenario))
    }
}

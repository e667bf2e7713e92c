import Testing
import WarrenModel
import WarrenPlan

@testable import WarrenStatus

/// One broken fact each: the first check that fails is the one that a person would name.
@Suite struct DiagnosisTests {
    typealias Check = DiagnosisStep.Check

    struct Broken: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let check: Check
        /// Part of a failing step's first sentence.
        let says: String
        let breaking: @Sendable (inout LinkFacts) -> Void

        init(_ check: Check, _ says: String, _ breaking: @escaping @Sendable (inout LinkFacts) -> Void) {
            (self.check, self.says, self.breaking) = (check, says, breaking)
            testDescription = "\(check.rawValue): \(says)"
        }
    }

    @Test func aHealthyLinkHasNoFault() throws {
        let diagnosis = LinkDiagnosis(try Healthy.facts())
        #expect(diagnosis.isWell && diagnosis.firstFailure == nil)
        #expect(diagnosis.steps.map(\.check) == Check.allCases)
        for step in diagnosis.steps {
            #expect(step.verdict == .ok && !step.evidence.isEmpty && step.remedy == nil, "\(step)")
        }
    }

    static let broken: [Broken] = [
        Broken(.plan, "site 'tokyo' is drained") {
            $0.status.state = .drained
            $0.status.reason = "site 'tokyo' is drained"
        },
        Broken(.plan, "waits for tokyo's address") {
            $0.status.state = .waiting
            $0.status.reason = "waits for tokyo's address"
        },
        Broken(.plan, "has no tunnel to tokyo for berlin") { $0.ends[0].planned = LinkParts() },
        Broken(.agents, "tokyo: no agent is connected") { $0.ends[1].answer = .failure(.disconnected($0.ends[1].site)) },
        Broken(.agents, "tokyo: the agent does not answer in time") {
            $0.ends[1].answer = .failure(.timedOut($0.ends[1].site))
        },
        Broken(.agents, "warren-tunneld does not run") {
            $0.change(1) { $0.fault = "the data plane cannot be observed: unavailable: warren-tunneld does not run" }
        },
        Broken(.agents, "berlin: runs 6.0, and shall run 7.0") {
            $0.ends[0].status.version = StateVersion(generation: Generation(rawValue: 6))
        },
        Broken(.agents, "nft: no such file") { $0.ends[0].status.failure = "nft: no such file" },
        Broken(.gateway, "berlin: there is no route to 198.51.100.20") {
            $0.change(0) {
                $0.evidence.outerRoute = nil
                $0.evidence.outerRouteFault = "there is no route to 198.51.100.20"
            }
        },
        // That a gateway is behind a NAT is no fault of a link that ran.
        Broken(.port, "berlin: 5 IKE messages to tokyo are without an answer") {
            $0.withoutAssociations()
            $0.change(0) {
                $0.evidence.outerRoute?.source = IPAddress("192.168.77.2")
                $0.evidence.contact = PeerContact(peer: $0.peer, sent: 9, received: 4, unanswered: 5, lastSentSecondsAgo: 1)
            }
            $0.change(1) { $0.evidence.boundPorts = [] }
        },
        Broken(.port, "berlin: 4 IKE messages to tokyo are without an answer") {
            $0.withoutAssociations()
            $0.change(0) {
                $0.evidence.outerRoute?.source = IPAddress("192.168.77.2")
                $0.evidence.contact = PeerContact(peer: $0.peer, sent: 4, unanswered: 4, lastSentSecondsAgo: 1)
            }
        },
        Broken(.port, "tokyo: no process has UDP port 500 and 4500") { $0.change(1) { $0.evidence.boundPorts = [] } },
        Broken(.port, "berlin: 4 IKE messages to tokyo are without an answer, none ever came") {
            $0.withoutAssociations()
            $0.change(0) { $0.evidence.contact = PeerContact(peer: $0.peer, sent: 4, unanswered: 4, lastSentSecondsAgo: 1) }
            $0.change(1) { $0.evidence.contact = PeerContact(peer: $0.peer) }
        },
        Broken(.port, "berlin: cannot send to tokyo: Operation not permitted") {
            $0.change(0) { $0.evidence.contact?.sendFault = "Operation not permitted" }
        },
        Broken(.proposal, "tokyo: NO_PROPOSAL_CHOSEN: the peer offered no IKE proposal") {
            $0.withoutAssociations(error: (1, "NO_PROPOSAL_CHOSEN: the peer offered no IKE proposal that is configured"))
        },
        Broken(.keys, "berlin: AUTHENTICATION_FAILED: the peer did not prove") {
            $0.withoutAssociations(error: (0, "AUTHENTICATION_FAILED: the peer did not prove the shared key"))
        },
        Broken(.selectors, "berlin: TS_UNACCEPTABLE") {
            $0.withoutAssociations(error: (0, "TS_UNACCEPTABLE: the peer answered with other traffic selectors"))
        },
        Broken(.associations, "berlin: has no child SA") { $0.withoutAssociations() },
        Broken(.associations, "the SPIs of the two ends do not match") {
            $0.change(0) { $0.securityAssociations[0].spi = SPI(rawValue: 99_999) }
        },
        Broken(.policies, "tokyo: the policy out 198.51.100.20") { $0.change(1) { $0.installed.policies.removeLast() } },
        Broken(.policies, "berlin: none of the 2 policies is there") { $0.change(0) { $0.installed.policies = [] } },
        Broken(.routes, "berlin: the route 192.168.2.0/24 is missing") { $0.change(0) { $0.installed.routes = [] } },
        Broken(.gif, "berlin: gif2 is missing") {
            $0.change(0) {
                // What a kernel takes along.
                $0.installed.tunnel = nil
                $0.installed.routes = []
                $0.isTunnelUp = false
            }
        },
        Broken(.gif, "berlin: gif2 is not up") { $0.change(0) { $0.isTunnelUp = false } },
        Broken(.mtu, "berlin: packets of 1400 bytes are lost") {
            $0.ends[0].wholeEcho = EchoAnswer(source: $0.ends[0].innerEcho!.source, sent: 3)
        },
        Broken(.firewall, "tokyo: the rule drop in unprotected ipencap from 203.0.113.10 is missing") {
            $0.change(1) { $0.installed.firewall.removeFirst() }
        },
        Broken(.firewall, "tokyo: the rule allow in any by ? is not planned") {
            $0.change(1) {
                $0.installed.firewall.append(
                    FirewallRule(action: .allow, direction: .inbound, ipProtocol: .any, interface: "?"))
            }
        },
        Broken(.firewall, "berlin: the rules stand in another order") { $0.change(0) { $0.installed.firewall.reverse() } },
        Broken(.echo, "berlin: 192.168.2.1 does not answer; packets dropped there so far: 7 replayed") {
            $0.change(0) { $0.evidence.drops = ["replayed": 7, "integrity": 0] }
            $0.ends[0].innerEcho?.roundTripsMilliseconds = []
        },
    ]

    @Test(arguments: broken) func namesTheFirstThatFails(broken: Broken) throws {
        var facts = try Healthy.facts()
        broken.breaking(&facts)
        let diagnosis = LinkDiagnosis(facts)
        #expect(diagnosis.firstFailure == broken.check, "\(diagnosis.steps)")
        let step = try #require(diagnosis.steps.first { $0.check == broken.check })
        #expect(step.evidence[0].contains(broken.says), "\(step.evidence)")
        #expect(step.remedy != nil && !diagnosis.isWell)
        // What comes after is looked at all the same, or said to be skipped; nothing traps, and nothing is left out.
        #expect(diagnosis.steps.count == Check.allCases.count)
        #expect(diagnosis.steps.allSatisfy { !$0.evidence.isEmpty })
    }

    @Test func ofTwoBehindNATsOneMustLetThePeerIn() throws {
        var facts = try Healthy.facts()
        facts.withoutAssociations()
        for place in 0..<2 {
            facts.change(place) {
                $0.evidence.outerRoute?.source = IPAddress("192.168.77.2")
                $0.evidence.contact = PeerContact(peer: $0.peer, sent: 4, unanswered: 4, lastSentSecondsAgo: 1)
            }
        }
        let diagnosis = LinkDiagnosis(facts)
        #expect(diagnosis.firstFailure == .port)
        let gateway = try #require(diagnosis.steps.first { $0.check == .gateway })
        #expect(gateway.verdict == .unknown && gateway.evidence.contains { $0.contains("is a NAT before it") }, "\(gateway)")
        let step = try #require(diagnosis.steps.first { $0.check == .port })
        #expect(step.remedy?.contains("have one of these forward UDP 500 and 4500") == true, "\(step)")
    }

    /// That a gateway sends from another address than its public one is as it should be while its peer is heard.
    @Test func behindNATAllIsWell() throws {
        var facts = try Healthy.facts()
        facts.change(0) { $0.evidence.outerRoute?.source = IPAddress("192.168.77.2") }
        let diagnosis = LinkDiagnosis(facts)
        #expect(diagnosis.isWell && diagnosis.firstFailure == nil)
        let step = try #require(diagnosis.steps.first { $0.check == .gateway })
        #expect(step.evidence.contains { $0.hasSuffix("which sends from 192.168.77.2: it is behind a NAT") }, "\(step)")
    }

    /// An agent that cannot be asked for want of a newer version is no failure of the link; nor is the link proven.
    @Test func whatCannotBeKnownIsUnknown() throws {
        var facts = try Healthy.facts()
        facts.ends[1].answer = .failure(.tooOld(facts.ends[1].site, speaks: "1.3", needs: "1.4"))
        let diagnosis = LinkDiagnosis(facts)
        #expect(diagnosis.firstFailure == nil && !diagnosis.isWell)
        let agents = try #require(diagnosis.steps.first { $0.check == .agents })
        #expect(agents.verdict == .unknown && agents.evidence[0].contains("too old, update it"))
    }

    /// Both agents away: nothing traps, and the rest is unknown.
    @Test func nobodyAnswers() throws {
        var facts = try Healthy.facts()
        for place in 0..<2 { facts.ends[place].answer = .failure(.disconnected(facts.ends[place].site)) }
        let diagnosis = LinkDiagnosis(facts)
        #expect(diagnosis.firstFailure == .agents)
        #expect(diagnosis.steps.dropFirst(2).allSatisfy { $0.verdict == .unknown })
    }

    /// Keys of different epochs at the two ends are told before IKE has tried them.
    @Test func whatTheEndsAreSetToIsCompared() throws {
        var facts = try Healthy.facts()
        facts.withoutAssociations()
        facts.change(0) { seen in
            guard let peer = seen.installed.ikePeer else { return }
            seen.installed.ikePeer = IKEPeer(
                peer: peer.peer, outer: peer.outer, initiator: peer.initiator, parameters: peer.parameters,
                selectors: peer.selectors, key: PSKReference(link: peer.key.link, epoch: 9))
        }
        let diagnosis = LinkDiagnosis(facts)
        #expect(diagnosis.firstFailure == .keys)
    }
}

extension LinkFacts {
    fileprivate mutating func change(_ place: Int, _ body: (inout LinkObservation) -> Void) {
        guard case .success(var observation) = ends[place].answer else { return }
        body(&observation)
        ends[place].answer = .success(observation)
    }

    /// Neither end has an SA, and no echo crosses; the error is that of one end.
    fileprivate mutating func withoutAssociations(error: (place: Int, text: String)? = nil) {
        for place in 0..<2 {
            change(place) { seen in
                seen.securityAssociations = []
                seen.ike = IKEReport(
                    peer: seen.peer, state: .connecting, lastError: error.flatMap { $0.place == place ? $0.text : nil })
            }
            ends[place].innerEcho?.roundTripsMilliseconds = []
            ends[place].wholeEcho?.roundTripsMilliseconds = []
        }
        status.state = .down
    }
}

/// A link that nothing is wrong with, made of the plan of two sites.
private enum Healthy {
    static func facts() throws -> LinkFacts {
        let sites = try ["berlin", "tokyo"].map { try #require(SiteName($0)) }
        let link = try #require(LinkID(sites[0], sites[1]))
        let outer = try ["203.0.113.10", "198.51.100.20"].map { try #require(IPAddress($0)) }
        let inner = try ["192.168.1.1", "192.168.2.1"].map { try #require(IPAddress($0)) }
        let networks = try ["192.168.1.0/24", "192.168.2.0/24"].map { try #require(IPPrefix($0)) }
        let version = StateVersion(generation: Generation(rawValue: 7))
        let ends = (0..<2).map { place -> LinkFacts.End in
            let other = 1 - place, peer = sites[other]
            let parts = parts(
                peer, link: link, isFirst: place == 0, outer: AddressPair(local: outer[place], remote: outer[other]),
                inner: AddressPair(local: inner[place], remote: inner[other]), network: networks[other])
            let associations = [SecurityPolicy.Direction.outbound, .inbound].map { direction in
                SAReport(
                    peer: peer, direction: direction,
                    spi: SPI(rawValue: (direction == .outbound) == (place == 0) ? 4_096 : 4_097), encryption: .aes256gcm16,
                    extendedSequenceNumbers: true, mode: .tunnel, outer: AddressPair(local: outer[place], remote: outer[other]),
                    ageSeconds: 9, packets: 8, bytes: 7, rekeyInSeconds: 6)
            }
            let echo = EchoAnswer(source: inner[place], sent: 3, roundTripsMilliseconds: [0.5, 0.25, 1])
            return LinkFacts.End(
                site: sites[place], peer: peer, planned: parts,
                status: SiteStatus(
                    site: sites[place], connected: true, applied: version.generation, version: version, intended: version),
                answer: .success(
                    LinkObservation(
                        peer: peer, version: version, wanted: parts, installed: parts, isTunnelUp: true,
                        ike: IKEReport(peer: peer, state: .established, ageSeconds: 9, proposal: parts.proposal),
                        securityAssociations: associations, probe: ProbeReport(peer: peer, sent: 9, answered: 9),
                        evidence: LinkEvidence(
                            outerRoute: .init(interface: "eth0", source: outer[place], gateway: nil), boundPorts: [500, 4_500],
                            contact: PeerContact(
                                peer: peer, sent: 4, received: 4, lastSentSecondsAgo: 9, lastReceivedSecondsAgo: 9)))),
                outerEcho: echo, innerEcho: echo, wholeEcho: echo)
        }
        return LinkFacts(status: LinkStatus(link: link, state: .up), generation: version.generation, ends: ends)
    }

    private static func parts(
        _ peer: SiteName, link: LinkID, isFirst: Bool, outer: AddressPair, inner: AddressPair, network: IPPrefix
    ) -> LinkParts {
        let selector = TrafficSelector(
            source: IPPrefix(host: outer.local), destination: IPPrefix(host: outer.remote), ipProtocol: .ipencap)
        let interface = isFirst ? "gif2" : "gif1"
        return LinkParts(
            tunnel: GIFTunnel(peer: peer, interface: interface, outer: outer, inner: inner, mtu: 1_400, mode: .tunnel),
            ikePeer: IKEPeer(
                peer: peer, outer: outer, initiator: isFirst, parameters: IPsecParameters(), selectors: [selector],
                key: PSKReference(link: link, epoch: 1)),
            policies: [
                SecurityPolicy(peer: peer, direction: .inbound, selector: selector.reversed, mode: .tunnel),
                SecurityPolicy(peer: peer, direction: .outbound, selector: selector, mode: .tunnel),
            ], routes: [Route(destination: network, via: inner.remote, interface: interface)],
            firewall: [
                FirewallRule(
                    action: .drop, direction: .inbound, ipProtocol: .ipencap, source: outer.remote, unprotected: true),
                FirewallRule(
                    action: .allow, direction: .outbound, ipProtocol: .udp, destination: outer.remote, ports: [500, 4_500]),
            ])
    }
}

extension LinkParts {
    fileprivate var proposal: IKEProposal? { ikePeer?.parameters.ike.proposals.first }
}

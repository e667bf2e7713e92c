import AgentCore
import Testing
import WarrenModel

/// Questions and answers with every field set.
extension Sample {
    static func echoQuestion() throws -> EchoQuestion {
        EchoQuestion(
            to: try address("192.168.2.1"), from: try address("192.168.1.1"), count: 5, packetSize: 1_400, dontFragment: true,
            intervalMilliseconds: 250)
    }

    static func echoAnswer() throws -> EchoAnswer {
        EchoAnswer(
            source: try address("192.168.1.1"), sent: 5, roundTripsMilliseconds: [0.25, 12.5], fault: "Message too long")
    }

    static func captureQuestion() throws -> CaptureQuestion {
        CaptureQuestion(peer: try tunnel().peer, seconds: 30, packets: 500, isWhole: true)
    }

    static func captureChunk() -> CaptureChunk {
        CaptureChunk(
            packets: [
                .init(nanoseconds: 1_767_225_600_000_000_001, length: 1_400, bytes: [0x45, 0, 5, 0x78]),
                .init(nanoseconds: 1_767_225_600_000_000_002, length: 0, bytes: []),
            ], lost: 3)
    }

    static func linkObservation() throws -> LinkObservation {
        let plan = try state().plan, report = try report(), peer = try tunnel().peer
        let parts = LinkParts(of: peer, in: plan)
        return LinkObservation(
            peer: peer, version: StateVersion(epoch: 2, generation: Generation(rawValue: 7), revision: 3), wanted: parts,
            installed: parts, isTunnelUp: true, ike: report.ike.first, securityAssociations: report.securityAssociations,
            probe: report.probes.first,
            evidence: LinkEvidence(
                outerRoute: .init(
                    interface: "eth0", source: try address("203.0.113.10"), gateway: try address("203.0.113.1")),
                outerRouteFault: "none", boundPorts: [500, 4_500],
                contact: PeerContact(
                    peer: peer, sent: 9, received: 8, unanswered: 2, lastSentSecondsAgo: 7, lastReceivedSecondsAgo: 6,
                    sendFault: "Operation not permitted"), drops: ["replayed": 5]),
            fault: "unavailable: warren-tunneld does not run")
    }
}

import Foundation
import Testing
import WarrenModel

/// A link is changed under way, through two daemons, two TUN devices and a wire. These need root and /dev/net/tun.
@Suite("Changes of a link, with packets")
struct LinkChangeTests {
    enum Kind: CaseIterable { case key, mode, encapsulation, proposals, address, everything }

    /// Time between the two ends of one step; a roll-out leaves more.
    private static let gap: UInt32 = {
        let text = ProcessInfo.processInfo.environment["WARREN_LINK_CHANGE_GAP"]
        return (text.flatMap { UInt32($0) } ?? 400) * 1000
    }()

    private static func change(_ kind: Kind) -> (old: LinkWay, new: LinkWay) {
        let old = LinkWay()
        var new = old
        let all = kind == .everything
        if all || kind == .key { new.epoch = 2 }
        if all || kind == .mode { (new.mode, new.mtu) = (.transport, 1380) }
        if all || kind == .encapsulation { new.encapsulation = .esp }
        if all || kind == .proposals {
            new.ike = IKEProposal("aes128gcm16-prfsha256-ecp256")!
            new.child = ESPProposal("aes128gcm16-ecp256")!
        }
        if all || kind == .address { new.hosts = [1, 1] }
        return (old, new)
    }

    @Test("no packet is lost, and none is in the clear, there and back", arguments: Kind.allCases)
    func losesNothing(kind: Kind) async throws {
        // Most of it is waiting: so both at once, each with gateways of its own.
        try await withThrowingTaskGroup { group in
            for first in [0, 1] { group.addTask { try losesNothing(kind: kind, first: first) } }
            try await group.waitForAll()
        }
    }

    private func losesNothing(kind: Kind, first: Int) throws {
        let (old, new) = Self.change(kind)
        let pair = try DaemonPair(old)
        let capture = try WireCapture(namespace: pair.gateways[0].path)
        let streams = try pair.streams()
        usleep(Self.gap)
        for steps in [LinkSteps(old: old, new: new), LinkSteps(old: new, new: old)] {
            for step in LinkSteps.Step.allCases {
                let (preferred, alternatives) = steps.ways(at: step)
                for index in [first, 1 - first] {
                    try pair.gateways[index].apply(GatewaySettings(index, preferred, alternatives))
                    usleep(Self.gap)
                }
                // What a roll-out waits for before the next step.
                if step == .switch { try pair.settle { try pair.runs(steps.new) } }
            }
        }
        let outcomes = streams.map { $0.end() }
        for outcome in outcomes {
            #expect(outcome.sent > 500)
            #expect(outcome.lost == [], "\(kind), of \(outcome.sent)")
            #expect(outcome.repeated == 0)
        }
        let account = outcomes.map { "\($0.lost.count) of \($0.sent) lost, \($0.reordered) out of order" }
        print("\(kind), gateway \(first) first: \(account)")
        #expect(try pair.runs(old))
        for gateway in pair.gateways { #expect(try gateway.client.observe().drops == [:]) }
        let found = expectProtected(capture.take())
        #expect(found.inUDP > 100 && (found.plain > 100) == (new.encapsulation == .esp), "\(found)")
    }

    /// How many packets of ESP and IKE were in UDP, and how many of ESP were not.
    private func expectProtected(_ frames: [[UInt8]]) -> (inUDP: Int, plain: Int) {
        var found = (inUDP: 0, plain: 0)
        for frame in frames where frame.count >= 14 {
            #expect(frame.firstRange(of: NumberedStream.marker.prefix(8)) == nil)
            guard frame[12] == 8, frame[13] == 0, frame.count >= 38 else { continue }
            // ESP (RFC 4303, 2).
            if frame[23] == 50 {
                found.plain += 1
                continue
            }
            let ports = [Int(frame[34]) << 8 | Int(frame[35]), Int(frame[36]) << 8 | Int(frame[37])]
            #expect(frame[23] == 17 && (ports == [4500, 4500] || ports == [500, 500]))
            found.inUDP += 1
        }
        #expect(found.inUDP + found.plain > 1000)
        return found
    }
}

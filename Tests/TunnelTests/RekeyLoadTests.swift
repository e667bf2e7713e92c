import Foundation
import Synchronization
import Testing
import WarrenModel

/// Child SAs are replaced again and again under load. `make rekeys` does so at length: 1,000 times at 10,000 packets a second.
@Suite("Rekeys under load")
struct RekeyLoadTests {
    private static func number(_ name: String, _ fallback: Int) -> Int {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? fallback
    }

    @Test("none lost, none twice, no SPI with an IV that was there before")
    func losesNothing() throws {
        let tunnels = Self.number("WARREN_REKEY_TUNNELS", 4), rekeys = Self.number("WARREN_REKEYS", 24)
        let perSecond = Self.number("WARREN_REKEY_PACKETS", 2000)
        let bundle = try TunnelBundle(tunnels: tunnels)
        let nonces = try NonceCapture(namespace: bundle.gateways[0].path)
        let load = try Self.load(on: bundle, perSecond: perSecond)
        var done = 0
        while done < rekeys {
            try bundle.rekey(by: done / tunnels % 2)
            done += tunnels
        }
        let outcome = load.end(), seen = nonces.end()
        print("\(done) rekeys over \(tunnels) tunnels: \(outcome); on the wire \(seen)")
        #expect(outcome.lost == 0 && outcome.repeated == 0, "\(outcome)")
        #expect(seen.repeated == 0 && seen.missed == 0 && seen.others == 0, "\(seen)")
        // Every packet was seen on the wire, under as many SPIs as there were SAs.
        #expect(seen.packets >= outcome.sent && outcome.sent > rekeys)
        #expect(seen.spis >= 2 * done)
        for gateway in bundle.gateways { #expect(try gateway.client.observe().drops == [:]) }
    }

    @Test("an SA is replaced after so many packets as its parameters say")
    func packetLimits() throws {
        var parameters = IPsecParameters()
        parameters.child.lifetimePackets = 1000
        let bundle = try TunnelBundle(tunnels: 1, parameters: parameters)
        let load = try Self.load(on: bundle, perSecond: 1000)
        try bundle.awaitRekeys(4)
        let outcome = load.end()
        #expect(outcome.lost == 0 && outcome.repeated == 0, "\(outcome)")
        // None of them lasted for more than its hard limit.
        #expect(outcome.sent > 2000)
        for gateway in bundle.gateways { #expect(try gateway.client.observe().drops == [:]) }
    }

    /// Both ways in each tunnel.
    private static func load(on bundle: TunnelBundle, perSecond: Int) throws -> NumberedLoad {
        let flows = bundle.ends[0].indices.flatMap { tunnel in
            [0, 1].map {
                let inner = bundle.ends[$0][tunnel].inner
                return NumberedLoad.Flow(sender: $0, source: inner.local, destination: inner.remote)
            }
        }
        return try NumberedLoad(between: bundle.gateways.map(\.path), flows, perSecond: perSecond)
    }
}

/// Every ESP packet on a wire: how many, and whether any had SPI and IV of another.
final class NonceCapture: @unchecked Sendable {
    struct Outcome: Sendable {
        var packets = 0
        var spis = 0
        var repeated = 0
        /// Addresses and ports that they came from.
        var sources: Set<[UInt8]> = []
        /// IPv4 packets that are neither UDP nor ICMP: nothing else is outside of a tunnel.
        var others = 0
        /// Frames that the capture could not keep up with.
        var missed = 0
    }

    private let capture: WireCapture
    private let isEnding = Atomic(false)
    private let finished = DispatchSemaphore(value: 0)
    // Touched by the capture's thread alone until it has finished.
    private var outcome = Outcome()
    private var nonces: [UInt32: Set<UInt64>] = [:]

    init(namespace path: String) throws {
        capture = try WireCapture(namespace: path)
        Thread { self.run() }.start()
    }

    func end() -> Outcome {
        isEnding.store(true, ordering: .releasing)
        finished.wait()
        return outcome
    }

    private func run() {
        while !isEnding.load(ordering: .acquiring) {
            capture.wait(milliseconds: 20)
            capture.take().forEach(note)
        }
        capture.take().forEach(note)
        outcome.spis = nonces.count
        outcome.missed = capture.missed
        finished.signal()
    }

    /// Ethernet, IPv4 without options, UDP to 4500, ESP.
    private func note(_ frame: [UInt8]) {
        guard frame.count >= 34, frame[12] == 8, frame[13] == 0 else { return }
        if frame[23] != 17 && frame[23] != 1 { outcome.others += 1 }
        guard frame.count >= 42 + 16, frame[14] == 0x45, frame[23] == 17, frame[36] == 0x11, frame[37] == 0x94 else { return }
        let spi = frame[42..<46].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard spi != 0 else { return }
        let iv = frame[50..<58].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        outcome.packets += 1
        outcome.sources.insert(Array(frame[26..<30] + frame[34..<36]))
        if !nonces[spi, default: []].insert(iv).inserted { outcome.repeated += 1 }
    }
}

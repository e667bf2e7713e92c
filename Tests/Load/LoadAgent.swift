import AgentCore
import AgentRuntime
import Foundation
import GRPCCore
import GRPCProtobuf
import Logging
import WarrenModel
import WarrenPlan
import WarrenWire

/// One agent without a gateway: it takes each state at once, tries it as a real one does, and says that all its tunnels stand.
///
/// The connection, its identity, the back-off and the order of messages are a real agent's; there is no data plane, and nothing
/// but the identity is on disk. Reports are kept as bytes: a thousand agents in one process must not use the processor that the
/// controller needs.
actor LoadAgent {
    let site: SiteName
    private let identity: AgentIdentity
    private let address: ControllerAddress
    private let ledger: Ledger
    private var backoff = Backoff()
    private var good = StateVersion.none
    private var trial: StateVersion?
    private var report: [UInt8] = []
    private var stream: AsyncStream<Void>.Continuation?

    /// As those of `ControllerSession`.
    private static let settled: Duration = .seconds(5)
    private static let longestWaitOnTrial: Duration = .seconds(2)

    init(identity: AgentIdentity, address: ControllerAddress, ledger: Ledger) {
        site = identity.site
        self.identity = identity
        self.address = address
        self.ledger = ledger
    }

    func run() async {
        renewReport(tunnels: [])
        while !Task.isCancelled {
            let opened = ContinuousClock.now
            var isReplaced = false
            do { isReplaced = try await connect() } catch {
                ledger.note(.lost(site, "\((error as? RPCError)?.code.description ?? "\(error)")"))
            }
            if isReplaced || Task.isCancelled { continue }
            if ContinuousClock.now - opened >= Self.settled { backoff.reset() }
            var wait = backoff.next(fraction: .random(in: 0...1))
            if trial != nil { wait = min(wait, Self.longestWaitOnTrial) }
            try? await Task.sleep(for: wait)
        }
    }

    /// One connection. True when a new one is to follow at once.
    private func connect() async throws -> Bool {
        let (news, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        stream = continuation
        let hello =
            try Warren_Agent_V1_AgentMessage.with {
                $0.hello.protocolVersion = WireVersion.current.wire
                $0.hello.agentVersion = "load"
                $0.hello.applied = (trial ?? good).wire
                $0.hello.onTrial = trial != nil
            }.serializedBytes() as [UInt8]
        return try await withGRPCClient(transport: ControllerTransport.mutual(address, identity: identity)) { client in
            var options = CallOptions.defaults
            options.waitForReady = false
            options.maxResponseMessageBytes = Wire.maximumMessageSize
            let request = StreamingClientRequest<[UInt8]> { writer in
                try await writer.write(hello)
                await withTaskGroup(of: Void.self) { group in
                    // What a real agent sends when nothing happens.
                    group.addTask {
                        while !Task.isCancelled {
                            continuation.yield()
                            try? await Task.sleep(for: ReportSchedule.longestSilence)
                        }
                    }
                    for await _ in news {
                        do { try await writer.write(self.report) } catch { break }
                    }
                    group.cancelAll()
                }
            }
            return try await client.bidirectionalStreaming(
                request: request, descriptor: Warren_Agent_V1_AgentLink.Method.Sync.descriptor, serializer: ReadyBytes(),
                deserializer: ProtobufDeserializer<Warren_Agent_V1_ControllerMessage>(), options: options
            ) { response in
                defer { continuation.finish() }
                for try await message in response.messages where try await self.take(message) { return true }
                return false
            }
        }
    }

    /// True when the stream is to be replaced.
    private func take(_ message: Warren_Agent_V1_ControllerMessage) throws -> Bool {
        let now = Date.now
        switch message.body {
        case .confirmed(let wire):
            guard let trial, trial == StateVersion(wire: wire) else { return false }
            (good, self.trial) = (trial, nil)
        case .desired(let wire):
            let desired = try DesiredState(wire: wire)
            ledger.note(.received(site, desired.version, at: now))
            guard desired.version != trial ?? good else { return false }
            if message.trialSeconds > 0 { trial = desired.version } else { (good, trial) = (desired.version, nil) }
            renewReport(tunnels: desired.plan.tunnels)
            if trial != nil { return true }
        case nil: return false
        }
        updateReport()
        stream?.yield()
        return false
    }

    private var links: Warren_Agent_V1_AgentReport { (try? .init(serializedBytes: linkBytes)) ?? .init() }
    private var linkBytes: [UInt8] = []

    private func renewReport(tunnels: [GIFTunnel]) {
        let associations = tunnels.flatMap { tunnel in
            [SecurityPolicy.Direction.outbound, .inbound].map { direction in
                SAReport(
                    peer: tunnel.peer, direction: direction,
                    spi: Self.spi(direction == .outbound ? (site, tunnel.peer) : (tunnel.peer, site)), encryption: .aes256gcm16,
                    extendedSequenceNumbers: true, mode: tunnel.mode, outer: tunnel.outer, ageSeconds: 1, packets: 1, bytes: 1,
                    rekeyInSeconds: 1)
            }
        }
        let report = AgentReport(
            site: site, agentVersion: "load",
            version: .none,
            tunnels: tunnels.map { TunnelReport(tunnel: $0, isUp: true) }, securityAssociations: associations,
            ike: tunnels.map { IKEReport(peer: $0.peer, state: .established, ageSeconds: 1) },
            probes: tunnels.map {
                ProbeReport(peer: $0.peer, lastAnswerSecondsAgo: 0, roundTripMilliseconds: 1, sent: 1, answered: 1)
            })
        linkBytes = (try? report.wire.serializedBytes()) ?? []
        updateReport()
    }

    private func updateReport() {
        var links = links
        links.version = (trial ?? good).wire
        links.onTrial = trial != nil
        report = (try? Warren_Agent_V1_AgentMessage.with { $0.report = links }.serializedBytes()) ?? []
        ledger.note(.reports(site, bytes: report.count))
    }

    /// The same at both ends.
    private static func spi(_ way: (SiteName, SiteName)) -> SPI {
        let hash = "\(way.0)>\(way.1)".utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        return SPI(rawValue: max(hash, 256))
    }
}

/// A message that is encoded already.
private struct ReadyBytes: MessageSerializer {
    func serialize<Bytes: GRPCContiguousBytes>(_ message: [UInt8]) throws -> Bytes { Bytes(message) }
}

import Foundation
import Glibc
import Testing
import WarrenClient
import WarrenModel

@testable import WarrenLab

/// What an operator takes out of a gateway to find a fault: packets, and facts. Left in the lab's folder, where whoever looks for
/// secrets finds them.
struct Recordings {
    let lab: Lab
    private var socket: String { "\(lab.names.directory)/api.sock" }

    init(_ lab: Lab) { self.lab = lab }

    func recordAndGather() async throws {
        try await recordHeaders()
        try await recordWhole()
        try await recordUntilInterrupted()
        let events = try await BuiltPrograms.warren("events", "--kind", "capture-begun", "--socket", socket)
        #expect(events.output.split(separator: "\n").count == 3, "\(events)")
        #expect(events.output.contains("captures headers of packets that 'first' exchanges with 'second', for 60 s at most"))
        let unknown = try await BuiltPrograms.warren(
            "capture", "first", "--peer", "third", "--output", file("none"), "--socket", socket)
        #expect(unknown.status == 1 && unknown.errorOutput.contains("it has no link to 'third'"), "\(unknown)")
        #expect(!FileManager.default.fileExists(atPath: file("none")))
        try await gather()
    }

    private func file(_ name: String) -> String { "\(lab.names.directory)/\(name)" }

    private func packets(_ name: String) throws -> [PacketCapture.Frame] {
        let capture = try PacketCapture(
            Array(try Data(contentsOf: URL(filePath: file(name)))), linkType: PacketCapture.rawIP)
        #expect(!capture.endsInsideRecord)
        return capture.frames
    }

    /// Probes and other traffic go over the link all the time; of each packet there are 20 bytes of IP, 8 of UDP, 8 of ESP.
    private func recordHeaders() async throws {
        let done = try await BuiltPrograms.warren(
            "capture", "first", "--peer", "second", "--seconds", "60", "--count", "6", "--output", file("headers.pcap"),
            "--socket", socket)
        #expect(done.status == 0 && done.errorOutput.contains("6 packets in "), "\(done)")
        let frames = try packets("headers.pcap")
        #expect(frames.count == 6)
        let associations = Set(
            try await lab.reports().flatMap(\.securityAssociations).map(\.spi.rawValue))
        var protected = 0
        for frame in frames {
            let port = frame.bytes.dropFirst(20).prefix(2).reduce(0) { $0 << 8 | Int($1) }
            let spi = frame.bytes.dropFirst(28).prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            #expect(frame.isTruncated && [500, 4500].contains(port) && frame.bytes.count <= 64)
            guard associations.contains(spi) else { continue }
            protected += 1
            #expect(frame.bytes.count == 36)
        }
        #expect(protected > 0)
        let read = try await ChildProcess.run(["tcpdump", "-n", "-r", file("headers.pcap")])
        #expect(read.output.contains("UDP-encap:"), "\(read)")
    }

    private func recordWhole() async throws {
        let done = try await BuiltPrograms.warren(
            "capture", "second", "--full", "--seconds", "60", "--count", "3", "--output", file("whole.pcap"), "--socket",
            socket)
        #expect(done.status == 0, "\(done)")
        let frames = try packets("whole.pcap")
        #expect(frames.count == 3)
        for frame in frames {
            #expect(!frame.isTruncated)
            _ = try IPPacket.parse(frame.bytes[...], isIPv6: false)
        }
    }

    /// The agent ends it, too: no packet socket is left in its namespace.
    private func recordUntilInterrupted() async throws {
        let pid = try ChildProcess.start(
            [
                "\(BuiltPrograms.directory)/warren", "capture", "first", "--seconds", "60", "--count", "100000", "--output",
                file("interrupted.pcap"), "--socket", socket,
            ], log: file("interrupted.log"))
        let namespace = lab.topology.sites[0].gatewayNamespace
        try await awaitCondition("packets are recorded", within: .seconds(20)) {
            try packetSockets(in: namespace) > 0 && size("interrupted.pcap") > 24 ? true : nil
        }
        kill(pid, SIGINT)
        try await awaitCondition("the capture has ended", within: .seconds(20)) {
            try packetSockets(in: namespace) == 0 && !ChildProcess.isRunning(pid) ? true : nil
        }
        #expect(try packets("interrupted.pcap").count > 0)
        let log = try String(contentsOfFile: file("interrupted.log"), encoding: .utf8)
        #expect(log.contains("packets in \(file("interrupted.pcap"))"), "\(log)")
    }

    private func size(_ name: String) -> Int {
        ((try? FileManager.default.attributesOfItem(atPath: file(name))[.size]) as? Int) ?? 0
    }

    private func packetSockets(in namespace: String) throws -> Int {
        guard let agent = ProcessTable.entries(in: [namespace]).first(where: { $0.program == "warren-agent" }) else { return 0 }
        // The first line says what the columns are.
        return try String(contentsOfFile: "/proc/\(agent.pid)/net/packet", encoding: .utf8).split(separator: "\n").count - 1
    }

    private func gather() async throws {
        let done = try await BuiltPrograms.warren("gather", "--output", file("gathered.tar"), "--socket", socket)
        #expect(done.status == 0 && !done.output.contains("not told"), "\(done)")
        let list = try await ChildProcess.run(["tar", "tf", file("gathered.tar")])
        let names = Set(list.output.split(separator: "\n").map(String.init))
        for name in [
            "README.txt", "controller/facts-log.txt", "controller/inventory.json", "gateways/first/facts-observed.json",
            "gateways/second/facts-evidence.json", "gateways/second/facts-status.json", "gateways/first/facts-log.txt",
        ] { #expect(names.contains("warren-gather/\(name)"), "\(names)") }
        #expect(!names.contains { $0.hasSuffix(".missing.txt") }, "\(names)")
        let observed = try await ChildProcess.run(
            ["tar", "xOf", file("gathered.tar"), "warren-gather/gateways/first/facts-observed.json"])
        #expect(observed.output.contains("\"securityAssociations\""), "\(observed)")
    }
}

extension Lab {
    fileprivate func reports() async throws -> [AgentReport] {
        let names = topology.sites.map(\.name)
        return try await ControllerClient.withClient(of: controllerAddress) { client in
            var reports: [AgentReport] = []
            for name in names { reports.append(try await client.report(of: name)) }
            return reports
        }
    }
}

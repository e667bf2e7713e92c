import Foundation
import Glibc
import WarrenModel

/// A running capture of every frame on the lab's internet.
struct BridgeCapture: Sendable {
    let file: String
    private let pid: pid_t
    private let log: String
    private let controllerNamespace: String

    /// Returns once frames are being captured.
    static func start(_ names: LabNames) async throws -> BridgeCapture {
        let file = "\(names.directory)/internet.pcap", log = "\(names.directory)/tcpdump.log"
        unlink(file)
        unlink(log)
        // Each frame takes the room of the largest there is, which is a datagram that the kernel has not cut yet: 1,024 of them.
        let pid = try ChildProcess.start(
            LabPrograms.enter(
                names.internet,
                [
                    "tcpdump", "-i", "br0", "-n", "--immediate-mode", "-U", "-s", "65600", "-B", "131072", "-Z", "root", "-w",
                    file,
                ]),
            log: log)
        let capture = BridgeCapture(file: file, pid: pid, log: log, controllerNamespace: names.controller)
        try await awaitCondition("tcpdump listens on the lab's internet", within: .seconds(10), details: { text(of: log) }) {
            guard ChildProcess.isRunning(pid) else {
                throw LabError(.failed, "tcpdump ended early", details: text(of: log))
            }
            return text(of: log).contains("listening on") ? true : nil
        }
        return capture
    }

    /// Ends the capture once a frame that was sent last of all is in it, and answers with every frame before that one.
    /// Fails when the kernel had to drop frames: then nobody knows what was in them.
    func finish() async throws -> [PacketCapture.Frame] {
        defer { abandon() }
        // Nobody has the address: the question who has it (RFC 826) is the marker. It is another one each time, for the
        // kernel repeats its question for seconds. The range is that of benchmarks (RFC 2544).
        let marker = [198, 18] + (0..<2).map { _ in UInt8.random(in: 1...254) }
        let frames = try await awaitCondition("the capture's last frame is on the disk", within: .seconds(30)) {
            () -> [PacketCapture.Frame]? in
            _ = try await ChildProcess.run(
                LabPrograms.enter(
                    controllerNamespace,
                    ["ping", "-n", "-q", "-c", "1", "-W", "0.05", marker.map(String.init).joined(separator: ".")]))
            // Reading every frame takes a while: not before the marker is among the last bytes.
            guard let end = lastBytes(), end.range(of: Data([0, 0, 0, 0, 0, 0] + marker)) != nil else { return nil }
            let frames = try read()
            return frames.firstIndex { Self.isQuestion($0.bytes, about: marker) }.map { Array(frames[..<$0]) }
        }
        kill(pid, SIGINT)
        try await awaitCondition("tcpdump ends", within: .seconds(5)) { ChildProcess.isRunning(pid) ? nil : true }
        guard text(of: log).contains("\n0 packets dropped by kernel") else {
            throw LabError(.failed, "the capture is not complete", details: text(of: log))
        }
        return frames
    }

    func abandon() {
        kill(pid, SIGKILL)
        _ = ChildProcess.isRunning(pid)
    }

    private func read() throws -> [PacketCapture.Frame] {
        guard let data = FileManager.default.contents(atPath: file), data.count >= 24 else { return [] }
        return try PacketCapture(Array(data)).frames
    }

    private func lastBytes() -> Data? {
        guard let handle = FileHandle(forReadingAtPath: file) else { return nil }
        defer { try? handle.close() }
        guard let size = try? handle.seekToEnd() else { return nil }
        try? handle.seek(toOffset: size - min(size, 1 << 20))
        return try? handle.readToEnd()
    }

    /// An ARP request for `address`: the target's protocol address is at byte 24 of the message.
    private static func isQuestion(_ frame: [UInt8], about address: [UInt8]) -> Bool {
        frame.count >= 42 && frame[12] == 0x08 && frame[13] == 0x06 && Array(frame[38..<42]) == address
    }
}

/// A file's text, or none when it cannot be read.
func text(of path: String) -> String {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
}

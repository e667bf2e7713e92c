import CWarrenSystem
import Foundation
import Synchronization
import WarrenModel

/// Numbered UDP datagrams from one network namespace to another, 250 a second, until it is ended.
final class NumberedStream: @unchecked Sendable {
    struct Outcome: Sendable {
        let sent: Int
        let lost: [Int]
        let repeated: Int
        let reordered: Int
    }

    /// What every datagram is filled with, so that one in the clear is seen for what it is.
    static let marker = [UInt8](repeating: 0x77, count: 64)
    static let interval: UInt64 = 4_000_000
    private static let port: UInt16 = 7001

    private let sender: Int32
    private let receiver: Int32
    private var source: warren_address
    private var destination: warren_address
    private let isEnding = Atomic(false)
    private let finished = DispatchSemaphore(value: 0)

    // Touched by the stream's thread alone until it has finished.
    private var sent = 0
    private var seen: Set<Int> = []
    private var repeated = 0
    private var reordered = 0
    private var newest = -1

    init(from client: String, _ source: IPAddress, to server: String, _ destination: IPAddress) throws {
        sender = warren_in_network_namespace(client, { _ in warren_datagram_socket(AF_INET, 0) }, nil)
        receiver = warren_in_network_namespace(server, { _ in warren_datagram_socket(AF_INET, 7001) }, nil)
        guard sender >= 0, receiver >= 0 else {
            throw CommandFailure(description: "UDP 7001: \(String(cString: strerror(errno)))")
        }
        self.source = warren_address(udp: source, port: Self.port)
        self.destination = warren_address(udp: destination, port: Self.port)
        Thread { self.run() }.start()
    }

    deinit {
        close(sender)
        close(receiver)
    }

    /// Stops sending, waits for what is under way, and tells what became of all.
    func end() -> Outcome {
        isEnding.store(true, ordering: .releasing)
        finished.wait()
        return Outcome(
            sent: sent, lost: (0..<sent).filter { !seen.contains($0) }, repeated: repeated, reordered: reordered)
    }

    private func run() {
        var next = Self.now
        while !isEnding.load(ordering: .acquiring) {
            let datagram = withUnsafeBytes(of: UInt64(sent).bigEndian, Array.init) + Self.marker
            _ = datagram.withUnsafeBytes {
                warren_datagram_send(sender, $0.baseAddress, $0.count, &source, &destination)
            }
            sent += 1
            drain()
            next += Self.interval
            var time = timespec(tv_sec: Int(next / 1_000_000_000), tv_nsec: Int(next % 1_000_000_000))
            clock_nanosleep(CLOCK_MONOTONIC, Int32(TIMER_ABSTIME), &time, nil)
        }
        let deadline = Self.now + 1_000_000_000
        while seen.count < sent, Self.now < deadline {
            var waiting = pollfd(fd: receiver, events: Int16(POLLIN), revents: 0)
            poll(&waiting, 1, 100)
            drain()
        }
        finished.signal()
    }

    private func drain() {
        var buffer = [UInt8](repeating: 0, count: 2048)
        while true {
            let count = recv(receiver, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            guard count >= 0 else { return }
            guard count == 8 + Self.marker.count else { continue }
            let number = buffer[..<8].reduce(0) { $0 << 8 | Int($1) }
            if !seen.insert(number).inserted { repeated += 1 }
            if number < newest { reordered += 1 }
            newest = max(newest, number)
        }
    }

    private static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

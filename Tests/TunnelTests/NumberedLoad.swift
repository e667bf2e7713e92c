import CWarrenSystem
import Foundation
import Synchronization
import WarrenModel

/// Numbered UDP datagrams over many flows at once, at one rate in all, until it is ended: what was lost, what came twice.
final class NumberedLoad: @unchecked Sendable {
    struct Flow {
        /// 0 or 1: which namespace sends.
        let sender: Int
        let source: IPAddress
        let destination: IPAddress
    }

    struct Outcome: Sendable {
        var sent = 0
        var lost = 0
        var repeated = 0
        var reordered = 0
    }

    private static let length = 100
    private static let tick: UInt64 = 1_000_000

    private let sockets: [Int32]
    private let perTick: Int
    private var flows: [(sender: Int, source: warren_address, destination: warren_address)]
    private let isEnding = Atomic(false)
    private let finished = DispatchSemaphore(value: 0)

    // Touched by the load's thread alone until it has finished.
    private var sent: [Int]
    private var newest: [Int]
    /// How often each number of each flow came.
    private var came: [[UInt8]]
    private var missing = 0
    private var outcome = Outcome()
    private var buffer = [UInt8](repeating: 0, count: 2048)

    /// `perSecond` datagrams over all `flows` in turn, between the namespaces of two paths.
    init(between paths: [String], _ flows: [Flow], perSecond: Int) throws {
        sockets = paths.map { warren_in_network_namespace($0, { _ in warren_datagram_socket(AF_INET, 7002) }, nil) }
        guard sockets.allSatisfy({ $0 >= 0 }) else {
            throw CommandFailure(description: "UDP 7002: \(String(cString: strerror(errno)))")
        }
        var size: Int32 = 32 << 20
        for socket in sockets { setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &size, 4) }
        perTick = max(1, perSecond / 1000)
        self.flows = flows.map {
            ($0.sender, warren_address(udp: $0.source, port: 7002), warren_address(udp: $0.destination, port: 7002))
        }
        sent = flows.map { _ in 0 }
        newest = flows.map { _ in -1 }
        came = flows.map { _ in [] }
        Thread { self.run() }.start()
    }

    deinit { for socket in sockets { close(socket) } }

    /// Stops sending, waits for what is under way, and tells what became of all.
    func end() -> Outcome {
        isEnding.store(true, ordering: .releasing)
        finished.wait()
        return outcome
    }

    private func run() {
        var next = Self.now, turn = 0
        var datagram = [UInt8](repeating: 0x77, count: Self.length)
        while !isEnding.load(ordering: .acquiring) {
            for _ in 0..<perTick {
                send(turn % flows.count, &datagram)
                turn += 1
            }
            drain()
            next += Self.tick
            var time = timespec(tv_sec: Int(next / 1_000_000_000), tv_nsec: Int(next % 1_000_000_000))
            clock_nanosleep(CLOCK_MONOTONIC, Int32(TIMER_ABSTIME), &time, nil)
        }
        let deadline = Self.now + 2_000_000_000
        while missing > 0, Self.now < deadline {
            var waiting = sockets.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            poll(&waiting, 2, 100)
            drain()
        }
        outcome.sent = sent.reduce(0, +)
        outcome.lost = missing
        finished.signal()
    }

    private func send(_ index: Int, _ datagram: inout [UInt8]) {
        withUnsafeBytes(of: (UInt64(index).bigEndian, UInt64(sent[index]).bigEndian)) {
            datagram.replaceSubrange(0..<16, with: $0)
        }
        let socket = sockets[flows[index].sender]
        let count = datagram.withUnsafeBytes {
            warren_datagram_send(socket, $0.baseAddress, $0.count, &flows[index].source, &flows[index].destination)
        }
        // What the sender's own socket does not take was never sent.
        guard count == Self.length else { return }
        sent[index] += 1
        came[index].append(0)
        missing += 1
    }

    private func drain() {
        for socket in sockets {
            while true {
                let count = recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT))
                guard count >= 0 else { break }
                guard count == Self.length else { continue }
                note(number(0), number(8))
            }
        }
    }

    private func number(_ offset: Int) -> Int { buffer[offset..<offset + 8].reduce(0) { $0 << 8 | Int($1) } }

    private func note(_ flow: Int, _ number: Int) {
        guard came.indices.contains(flow), came[flow].indices.contains(number) else { return }
        if came[flow][number] == 0 { missing -= 1 } else { outcome.repeated += 1 }
        came[flow][number] = 1
        if number < newest[flow] { outcome.reordered += 1 }
        newest[flow] = max(newest[flow], number)
    }

    private static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

extension warren_address {
    init(udp address: IPAddress, port: UInt16) {
        self.init()
        family = address.family == .ipv4 ? AF_INET : AF_INET6
        self.port = port
        withUnsafeMutableBytes(of: &bytes) { $0.copyBytes(from: address.bytes) }
    }
}

import Foundation
import Glibc
import WarrenModel

/// Numbered echoes over links, 100 a second from each end, in each family that a link carries, until they are ended.
struct LinkStreams: Sendable {
    /// What became of the echoes that one end's host sent to the other's.
    struct Outcome: Sendable {
        let from: SiteName
        let to: SiteName
        let sent: Int
        /// The numbers without an answer: N was sent N/100 s after the start.
        let lost: [Int]
        let repeated: Int
    }

    static let interval = Duration.milliseconds(10)
    /// So many of the last are not counted: they may have been under way when the stream was ended.
    private static let underWay = 20

    private struct Stream: Sendable {
        let check: ReachabilityCheck
        let pid: pid_t
        let log: String
    }

    private let streams: [Stream]
    private let start = ContinuousClock.now

    var count: Int { streams.count }

    /// Starts one per end and family of every link whose ends are both among `sites`.
    init(_ lab: Lab, over checks: [ReachabilityCheck]) throws {
        struct Way: Hashable {
            let from: SiteName
            let to: SiteName
            let family: AddressFamily
        }
        var ways: Set<Way> = [], started: [Stream] = []
        for check in checks where check.path?.count == 2 {
            let way = Way(from: check.from, to: check.to, family: check.source.family)
            guard ways.insert(way).inserted else { continue }
            let log = "\(lab.names.directory)/stream-\(check.from)-\(check.to)-\(way.family).log"
            unlink(log)
            let command = ["ping", "-n", "-i", "0.01", "-I", "\(check.source)", "\(check.destination)"]
            do {
                let pid = try ChildProcess.start(LabPrograms.enter(lab.names.host(of: check.from), command), log: log)
                started.append(Stream(check: check, pid: pid, log: log))
            } catch {
                for stream in started { kill(stream.pid, SIGKILL) }
                throw error
            }
        }
        streams = started
    }

    /// Ends all of them. Fails when one was not sent at its pace, for it proves nothing then.
    func end() async throws -> [Outcome] {
        let duration = ContinuousClock.now - start
        for stream in streams { kill(stream.pid, SIGINT) }
        try await awaitCondition("every ping ends", within: .seconds(5)) {
            streams.contains { ChildProcess.isRunning($0.pid) } ? nil : true
        }
        return try streams.map { stream in
            defer { unlink(stream.log) }
            let pings = try PingStream(text(of: stream.log))
            guard duration < .seconds(2) || pings.sent > Int(duration / Self.interval) / 2 else {
                throw LabError(
                    .failed,
                    "only \(pings.sent) echoes were sent from \(stream.check.from) to \(stream.check.to) in \(duration)")
            }
            return Outcome(
                from: stream.check.from, to: stream.check.to, sent: pings.sent, lost: pings.lost(before: Self.underWay),
                repeated: pings.repeated.count)
        }
    }

    func abandon() {
        for stream in streams {
            kill(stream.pid, SIGKILL)
            _ = ChildProcess.isRunning(stream.pid)
            unlink(stream.log)
        }
    }
}

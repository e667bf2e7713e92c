import WarrenModel

/// What a lab's hosts and its internet showed.
public struct LabVerification: Sendable, Codable, Equatable {
    /// Echo requests from one host's address to another's.
    public struct Reach: Sendable, Codable, Equatable {
        public let from: SiteName
        public let to: SiteName
        public let source: IPAddress
        public let destination: IPAddress
        public let sent: Int
        public let received: Int
        public let roundTripMilliseconds: Double?
        /// The gateways on the way there, both ends included; nil when no echo may be answered.
        public let path: [SiteName]?
        public var holds: Bool { sent > 0 && received == (path == nil ? 0 : sent) }
    }

    public let pairs: [Reach]
    /// Frames on the internet meanwhile, by kind.
    public let frames: [String: Int]
    /// The first frames that must not be there, described.
    public let violations: [String]
    public let violationCount: Int
    /// Pairs of gateways between which hosts' echoes went while no ESP was seen from the first to the second.
    public let silent: [String]

    /// Every echo that must be answered was, and no other; nothing but the kinds of `FrameKind` was on the internet, and ESP
    /// was, both ways, between every two gateways on the echoes' ways.
    public var holds: Bool {
        !pairs.isEmpty && pairs.allSatisfy(\.holds) && violationCount == 0 && silent.isEmpty
    }

    static let describedViolations = 10

    /// - Parameter addresses: the public addresses of each site's gateway.
    init(
        pairs: [Reach], frames: [PacketCapture.Frame], classifier: FrameClassifier, addresses: [SiteName: [IPAddress]]
    ) {
        var classifier = classifier
        var counts: [String: Int] = [:]
        var violations: [String] = []
        for (index, frame) in frames.enumerated() {
            do {
                counts[try classifier.classify(frame.bytes).rawValue, default: 0] += 1
            } catch {
                violations.append("frame \(index + 1): \(error)")
            }
        }
        self.pairs = pairs
        self.frames = counts
        self.violations = Array(violations.prefix(Self.describedViolations))
        violationCount = violations.count
        let flows = classifier.protectedFlows
        func isProtected(_ from: SiteName, _ to: SiteName) -> Bool {
            flows.contains {
                addresses[from, default: []].contains($0.local) && addresses[to, default: []].contains($0.remote)
            }
        }
        let hops = pairs.flatMap { pair in pair.path.map { Array(zip($0, $0.dropFirst())) } ?? [] }
        silent = Set(hops.filter { !isProtected($0, $1) }.map { "\($0) to \($1)" }).sorted()
    }

    public var text: String {
        var lines = pairs.map { pair in
            let verdict = pair.holds ? "ok  " : "FAIL"
            let time = pair.roundTripMilliseconds.map { ", \($0) ms" } ?? ""
            let way = pair.path.map { $0.dropFirst().dropLast() } ?? []
            let via = way.isEmpty ? "" : " through " + way.map(\.description).joined(separator: " and ")
            let promise = pair.path == nil ? ", kept apart" : via
            return "\(verdict) \(pair.from) \(pair.source) to \(pair.to) \(pair.destination)\(promise): "
                + "\(pair.received) of \(pair.sent) echoes answered\(time)"
        }
        let total = frames.values.reduce(0, +) + violationCount
        lines.append("on the internet meanwhile: \(total) frames")
        lines += FrameKind.allCases.compactMap { kind in frames[kind.rawValue].map { "  \($0) \(kind.rawValue)" } }
        if violationCount > 0 {
            lines.append("  \(violationCount) that must not be there:")
            lines += violations.map { "    \($0)" }
        }
        lines += silent.map { "  no ESP from \($0)" }
        let joined = pairs.filter { $0.path != nil }, apart = pairs.filter { $0.path == nil }
        let indirect = joined.filter { $0.path.map(\.count) ?? 0 > 2 }.count
        var sentence = "\(joined.filter(\.holds).count) of \(joined.count) address pairs reach each other"
        if indirect > 0 { sentence += ", \(indirect) of them through a hub" }
        if !apart.isEmpty { sentence += "; \(apart.filter(\.holds).count) of \(apart.count) are kept apart" }
        lines.append("\(holds ? "verified" : "NOT verified"): \(sentence)")
        return lines.joined(separator: "\n") + "\n"
    }
}

extension Lab {
    /// Sends echoes from every site's host to every other's, in each network, also where none may arrive, while every frame
    /// on the internet is captured and sorted.
    public func verify() async throws -> LabVerification {
        try NamespaceShell.requireMeans()
        guard LabStatus(names).isUp else {
            throw LabError(.wrongState, "no lab of mesh '\(names.mesh)' is up: raise it with 'warren lab up'")
        }
        let capture = try await BridgeCapture.start(names)
        do {
            let pairs = try await mapConcurrently(checks, limit: 8) { try await reach($0) }
            return LabVerification(
                pairs: pairs, frames: try await capture.finish(), classifier: classifier,
                addresses: Dictionary(topology.sites.map { ($0.name, $0.publicAddresses) }) { first, _ in first })
        } catch {
            capture.abandon()
            throw error
        }
    }

    var classifier: FrameClassifier { classifier(also: []) }

    /// `also`: further addresses that gateways may have meanwhile.
    func classifier(also others: Set<IPAddress>) -> FrameClassifier {
        FrameClassifier(
            gateways: Set(topology.sites.flatMap(\.publicAddresses)).union(others), controller: Set(topology.controller))
    }

    private func reach(_ check: ReachabilityCheck) async throws -> LabVerification.Reach {
        let count = check.path == nil ? 1 : 3
        let echo = try await ChildProcess.run(
            LabPrograms.enter(
                names.host(of: check.from),
                [
                    "ping", "-n", "-q", "-c", "\(count)", "-i", "0.2", "-W", check.path == nil ? "1" : "2", "-I",
                    "\(check.source)", "\(check.destination)",
                ]))
        let summary = PingSummary(echo.output)
        return LabVerification.Reach(
            from: check.from, to: check.to, source: check.source, destination: check.destination, sent: count,
            received: summary.received, roundTripMilliseconds: summary.averageMilliseconds, path: check.path)
    }
}

/// What ping(8) of iputils says at its end.
struct PingSummary: Equatable {
    /// 0 when the text says nothing of it.
    let received: Int
    let averageMilliseconds: Double?

    /// Reads `3 packets transmitted, 2 received, …` and `rtt min/avg/max/mdev = 0.1/0.2/0.3/0.0 ms`.
    init(_ text: String) {
        let fields = text.split(separator: "\n").first { $0.contains("packets transmitted") }?.split(separator: ",") ?? []
        received =
            fields.first { $0.hasSuffix(" received") }.flatMap { $0.split(separator: " ").first }.flatMap { Int($0) } ?? 0
        let times = text.split(separator: "\n").first { $0.hasPrefix("rtt ") }?.split(separator: "=").last?.split(
            separator: "/")
        averageMilliseconds = times.flatMap { $0.count == 4 ? Double($0[1]) : nil }
    }
}

import AgentCore
import Crypto
import Foundation
import Testing
import WarrenModel

@testable import AgentRuntime

/// What agents of version 1.0 left on disk: a later agent boots from it. A fixture that is there is never made anew;
/// `WARREN_WRITE_FIXTURES=1` writes those that are missing, as this code does.
struct FileFixtureTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
    private static let boot = BootIdentity(bytes: Array("0f1e2d3c-0000-4000-8000-000000000001\n".utf8))
    private static let start = MonotonicTime(nanoseconds: 5_000_000_000)
    private static let rejection = Rejection(
        version: StateVersion(generation: Generation(rawValue: 2), revision: 1), reason: "it was not confirmed in time")
    private static let names = ["desired.bin", "previous.bin", "trial.bin", "rejected.json", "identity.json"]

    private let temporary: TemporaryDirectory
    private let directory: StateDirectory

    init() throws {
        temporary = try TemporaryDirectory()
        directory = try StateDirectory(path: temporary.path("state"))
        if ProcessInfo.processInfo.environment["WARREN_WRITE_FIXTURES"] != nil { try Self.writeMissing(temporary.path("made")) }
        for name in Self.names {
            let text = try String(contentsOf: Self.folder.appending(path: "\(name).base64"), encoding: .utf8)
            let content = try #require(Data(base64Encoded: text, options: .ignoreUnknownCharacters))
            try directory.write(name, Array(content))
        }
    }

    private static func writeMissing(_ path: String) throws {
        let made = try StateDirectory(path: path)
        try LastGoodState(directory: made).store(Desired.toTokyo(generation: 3))
        try LastGoodState(directory: made, name: LastGoodState.previousName).store(Desired.toTokyo(generation: 1, mtu: 1300))
        try TrialFile(directory: made).store(
            Trial(Desired.toTokyo(generation: 4, revision: 2), allowance: .seconds(60), now: start), boot: boot)
        try AgentFiles(directory: made).remember(rejection)
        // A key that is no secret, and certificates that nobody looks into.
        let key = try P256.Signing.PrivateKey(rawRepresentation: Array(1...32 as ClosedRange<UInt8>))
        let identity: [String: Any] = [
            "site": "berlin", "mesh": "acme", "controllerHost": "controller.example.net", "privateKey": key.pemRepresentation,
            "certificates": [Data([1, 2, 3]).base64EncodedString(), Data([4, 5]).base64EncodedString()],
        ]
        try made.write(AgentIdentity.name, Array(try JSONSerialization.data(withJSONObject: identity, options: .sortedKeys)))
        for name in names {
            let file = folder.appending(path: "\(name).base64")
            guard !FileManager.default.fileExists(atPath: file.path), let content = try made.read(name) else { continue }
            try (Data(content).base64EncodedString(options: .lineLength76Characters) + "\n").write(
                to: file, atomically: true, encoding: .utf8)
        }
    }

    @Test func anAgentBootsFromThem() throws {
        let (memory, faults) = AgentFiles(directory: directory).load(boot: Self.boot, now: Self.start + .seconds(10))
        #expect(faults == [])
        #expect(memory.good == Desired.toTokyo(generation: 3))
        #expect(memory.previous == Desired.toTokyo(generation: 1, mtu: 1300))
        #expect(memory.rejection == Self.rejection)
        guard case .running(let trial) = memory.trial else {
            Issue.record("no trial")
            return
        }
        #expect(trial.desired == Desired.toTokyo(generation: 4, revision: 2))
        #expect(trial.allowance == .seconds(60))
        #expect(trial.left(now: Self.start + .seconds(10)) == .seconds(50))
    }

    @Test func aTrialOfAnotherBootIsOver() throws {
        let (memory, _) = AgentFiles(directory: directory).load(
            boot: BootIdentity(bytes: Array("another".utf8)), now: Self.start)
        guard case .over(let desired?, _) = memory.trial else {
            Issue.record("it goes on")
            return
        }
        #expect(desired == Desired.toTokyo(generation: 4, revision: 2))
    }

    @Test func identity() throws {
        let identity = try #require(try AgentIdentity.load(from: directory))
        #expect(identity.site.description == "berlin")
        #expect(identity.mesh == "acme")
        #expect(identity.controllerHost == "controller.example.net")
        #expect(identity.certificates == [[1, 2, 3], [4, 5]])
        #expect(identity.privateKey.rawRepresentation == Data(1...32 as ClosedRange<UInt8>))
    }

    /// The sealed files are written as they were.
    @Test func areWrittenTheSame() throws {
        let made = try StateDirectory(path: temporary.path("again"))
        try LastGoodState(directory: made).store(Desired.toTokyo(generation: 3))
        try TrialFile(directory: made).store(
            Trial(Desired.toTokyo(generation: 4, revision: 2), allowance: .seconds(60), now: Self.start), boot: Self.boot)
        for name in ["desired.bin", "trial.bin"] { #expect(try made.read(name) == directory.read(name)) }
    }
}

import AgentCore
import Foundation
import Testing
import WarrenModel
import WarrenPlan

@testable import AgentRuntime

struct LastGoodStateTests {
    private let folder: TemporaryDirectory
    private let directory: StateDirectory
    private let store: LastGoodState

    init() throws {
        folder = try TemporaryDirectory()
        directory = try StateDirectory(path: folder.path("state"))
        store = LastGoodState(directory: directory)
    }

    @Test func comesBackAsItWas() throws {
        #expect(try store.load() == .none)
        try store.store(Desired.toTokyo(generation: 3))
        #expect(try store.load() == .state(Desired.toTokyo(generation: 3)))
        let mode = try FileManager.default.attributesOfItem(atPath: directory.file(LastGoodState.name))[.posixPermissions]
        #expect(mode as? Int == 0o600)
    }

    /// Any byte that is wrong, and any length that is short, is noticed; the file is kept aside.
    @Test func noticesEveryFault() throws {
        try store.store(Desired.toTokyo(generation: 3))
        let good = try #require(try directory.read(LastGoodState.name))
        for place in stride(from: 0, to: good.count, by: 7) {
            var bad = good
            bad[place] ^= 0x10
            try expectCorrupt(bad)
            try expectCorrupt(Array(good[..<place]))
        }
        try expectCorrupt(good + [0])
    }

    private func expectCorrupt(_ content: [UInt8]) throws {
        try directory.write(LastGoodState.name, content, durable: false)
        guard case .corrupt = try store.load() else {
            Issue.record("a corrupt file of \(content.count) bytes was taken")
            return
        }
        #expect(try directory.read(LastGoodState.name) == nil)
        #expect(try directory.read("\(LastGoodState.name).\(LastGoodState.corruptSuffix)") == content)
    }
}

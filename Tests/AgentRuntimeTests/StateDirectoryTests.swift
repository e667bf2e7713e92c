import Foundation
import Testing

@testable import AgentRuntime

struct StateDirectoryTests {
    private let folder: TemporaryDirectory
    private let directory: StateDirectory

    init() throws {
        folder = try TemporaryDirectory()
        directory = try StateDirectory(path: folder.path("state"))
    }

    private func mode(_ path: String) throws -> Int {
        try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    @Test func isItsOwnersAlone() throws {
        try directory.write("secret", [1, 2, 3])
        #expect(try mode(directory.path) == 0o700)
        #expect(try mode(directory.file("secret")) == 0o600)
    }

    @Test func closesADirectoryThatIsOpen() throws {
        let path = folder.path("open")
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
        _ = try StateDirectory(path: path)
        #expect(try mode(path) == 0o700)
    }

    @Test func refusesALinkAndAFile() throws {
        let link = folder.path("link"), file = folder.path("file")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: directory.path)
        #expect(FileManager.default.createFile(atPath: file, contents: nil))
        #expect(throws: AgentError.self) { try StateDirectory(path: link) }
        #expect(throws: AgentError.self) { try StateDirectory(path: file) }
    }

    @Test func replacesWhole() throws {
        #expect(try directory.read("file") == nil)
        try directory.write("file", Array(repeating: 1, count: 100_000))
        try directory.write("file", [2])
        #expect(try directory.read("file") == [2])
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["file"])
    }

    /// Readers see one of the two contents, never a mixture, a part or nothing.
    @Test func isNeverSeenHalfWritten() async throws {
        let directory = directory
        let contents = [Array(repeating: UInt8(1), count: 50_000), Array(repeating: UInt8(2), count: 70_000)]
        try directory.write("file", contents[0], durable: false)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for turn in 0..<400 { try directory.write("file", contents[turn % 2], durable: false) }
            }
            for _ in 0..<400 { #expect(contents.contains(try #require(try directory.read("file")))) }
            try await group.waitForAll()
        }
    }

    @Test func keepsTheOldFileWhenTheNewCannotBeWritten() throws {
        try directory.write("file", [1])
        try FileManager.default.createDirectory(atPath: directory.file(".file.new"), withIntermediateDirectories: false)
        #expect(throws: AgentError.self) { try directory.write("file", [2]) }
        #expect(try directory.read("file") == [1])
    }

    @Test func refusesAFileThatIsTooLong() throws {
        try directory.write("file", Array(repeating: 0, count: 1_000))
        #expect(throws: AgentError.self) { try directory.read("file", limit: 999) }
        #expect(try directory.read("file", limit: 1_000)?.count == 1_000)
    }

    @Test func locksOutASecondAgent() throws {
        var lock = try StateLock(directory)
        #expect(lock != nil)
        #expect(try StateLock(directory) == nil)
        lock = nil
        #expect(try StateLock(directory) != nil)
    }
}

import Foundation
import Testing

@testable import WarrenCLI

/// Archives of facts, and packets that are counted.
@Suite(.serialized) struct GatherTests {
    @Test func tarReadsTheArchive() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "warren-tar-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var archive = TarArchive()
        let long = String(repeating: "d", count: 96) + "/a.b"
        let files: [(String, [UInt8])] = [
            ("a/empty.txt", []), ("a/b/block.bin", [UInt8](repeating: 7, count: 512)),
            ("a/text.txt", Array("ü\n".utf8)), (String(long.suffix(100)), [UInt8](repeating: 1, count: 70_001)),
        ]
        for (name, content) in files { archive.add(name, content, modified: 1_767_225_600) }
        let path = folder.appending(path: "x.tar")
        try Data(archive.file).write(to: path)
        let list = try Program.run(list: ["tvf", path.path, "--utc"], program: "/usr/bin/tar")
        #expect(list.status == 0 && list.errorOutput.isEmpty, "\(list.errorOutput)")
        let lines = list.output.split(separator: "\n")
        #expect(lines.count == files.count && lines[1].hasPrefix("-rw------- 0/0") && lines[1].contains("2026-01-01 00:00"))
        let unpacked = try Program.run(list: ["xf", path.path, "-C", folder.path], program: "/usr/bin/tar")
        #expect(unpacked.status == 0 && unpacked.errorOutput.isEmpty)
        for (name, content) in files { #expect(try Data(contentsOf: folder.appending(path: name)) == Data(content)) }
    }

    /// However a file of packets is cut into pieces.
    @Test(arguments: [1, 5, 16, 23, 24, 25, 1000]) func packetsAreCounted(size: Int) {
        let record: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 9, 0, 0, 0, 1, 2, 3]
        let empty: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0]
        let file = [UInt8](repeating: 0xFF, count: 24) + record + empty + record
        var counter = CaptureCounter()
        for start in stride(from: 0, to: file.count, by: size) {
            counter.take(Array(file[start..<min(start + size, file.count)]))
        }
        #expect(counter.packets == 3 && counter.bytes == file.count)
    }

    /// With no agent there, and every kind of secret in the state.
    @Test func aMeshWhoseAgentsAreAway() throws {
        let controller = try RunningController()
        try controller.apply(ControllerCommandTests.inventory)
        let folder = controller.folder.appending(path: "state")
        var secrets: [Data] = []
        for role in ["viewer", "operator", "admin"] {
            let file = controller.folder.appending(path: "\(role).token")
            #expect(try controller.warren("access", "create", role, "--role", role, "--output", file.path).status == 0)
            secrets.append(try Data(contentsOf: file))
        }
        let enrolment = controller.folder.appending(path: "berlin.token")
        #expect(try controller.warren("token", "create", "berlin", "--output", enrolment.path).status == 0)
        secrets.append(try Data(contentsOf: enrolment))
        let mesh = try Data(contentsOf: folder.appending(path: "mesh-secret"))
        secrets += [
            mesh, Data(mesh.base64EncodedString().utf8),
            Data(mesh.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined().utf8),
        ]
        let key = try String(contentsOf: folder.appending(path: "ca.key"), encoding: .utf8)
        secrets += key.split(separator: "\n").filter { !$0.hasPrefix("-") }.map { Data($0.utf8) }
        secrets = secrets.map { $0.last == 10 ? $0.dropLast() : $0 }
        #expect(secrets.count >= 8 && secrets.allSatisfy { $0.count >= 24 })

        let archive = controller.folder.appending(path: "facts.tar")
        let done = try controller.warren("gather", "--output", archive.path)
        #expect(done.status == 0, "\(done.errorOutput)")
        #expect(done.output.contains("  controller/inventory.json\n") && done.output.contains("  gateways/tokyo/plan.json\n"))
        #expect(done.output.contains("  gateways/berlin/facts.missing.txt\n"))
        #expect(done.output.contains("not told by the agents of berlin, lima, tokyo\n"), "\(done.output)")
        let bytes = try Data(contentsOf: archive)
        let mode = try FileManager.default.attributesOfItem(atPath: archive.path)[.posixPermissions] as? Int
        #expect(mode == 0o600 && bytes.range(of: Data("the agent of 'berlin' is not connected".utf8)) != nil)
        for secret in secrets { #expect(bytes.range(of: secret) == nil, "a secret is in the archive") }

        let one = try controller.warren("gather", "--site", "lima", "--output", controller.folder.appending(path: "b.tar").path)
        #expect(one.status == 0 && !one.output.contains("gateways/tokyo/") && one.output.contains("gateways/lima/plan.json"))
        #expect(try controller.warren("gather", "--output", archive.path).status == 2)
        let unknown = try controller.warren(
            "gather", "--site", "lma", "--output", controller.folder.appending(path: "c.tar").path)
        #expect(unknown.status == 1 && unknown.errorOutput.contains("did you mean 'lima'?"), "\(unknown.errorOutput)")
    }

    @Test func aCaptureThatCannotBe() throws {
        let controller = try RunningController()
        try controller.apply(ControllerCommandTests.inventory)
        let file = controller.folder.appending(path: "x.pcap").path
        let away = try controller.warren("capture", "berlin", "--output", file)
        #expect(away.status == 1 && away.errorOutput.contains("the agent of 'berlin' is not connected"), "\(away.errorOutput)")
        #expect(!FileManager.default.fileExists(atPath: file))
        #expect(try controller.warren("events", "--kind", "capture-begun").output.isEmpty)
        for wrong in [["--seconds", "0"], ["--count", "100001"], ["--peer", "berlin"]] {
            let process = try Program.run(
                list: ["capture", "berlin"] + wrong, environment: ["WARREN_SOCKET": controller.socket])
            #expect(process.status == 2 && !process.errorOutput.isEmpty)
        }
    }
}

import Foundation
import Testing

@Suite struct ImportCommandTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "handbook-\(UUID().uuidString)")

    private func write(_ name: String, _ text: String) throws {
        let file = folder.appending(path: name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    private func writePair() throws {
        try write(
            "first/etc/rc.conf",
            """
            gifconfig_gif0="203.0.113.10 198.51.100.20"
            ifconfig_gif0="inet 192.168.1.1 192.168.2.1 netmask 0xffffffff"
            static_routes="vpn"
            route_vpn="192.168.2.0 192.168.2.1 netmask 0xffffff00"
            """)
        try write(
            "second/rc.conf",
            """
            gifconfig_gif0="198.51.100.20 203.0.113.10"
            ifconfig_gif0="inet 192.168.2.1 192.168.1.1 netmask 0xffffffff"
            static_routes="vpn"
            route_vpn="192.168.1.0 192.168.1.1 netmask 0xffffff00"
            """)
    }

    @Test func whatIsImportedValidates() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try writePair()
        let output = folder.appending(path: "mesh.yaml").path
        let process = try Program.run("import", folder.path, "--output", output)
        #expect(process.status == 0, "\(process.errorOutput)")
        #expect(process.output.isEmpty)
        #expect(try Program.run("validate", output).status == 0)
        let again = try Program.run("import", folder.path, "--output", output)
        #expect(again.status == 2 && again.errorOutput.contains("File exists"))
    }

    @Test func whatIsLeftOutIsNamedAndTheRestWritten() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try writePair()
        try write("second/psk.txt", "203.0.113.10 Hunter2\n")
        let process = try Program.run("import", folder.path)
        #expect(process.status == 1)
        #expect(process.errorOutput.contains("second/psk.txt:1: not carried over: the pre-shared key"))
        #expect(process.output.contains("networks: [192.168.2.0/24]"))
        #expect(!(process.output + process.errorOutput).contains("Hunter2"))
    }

    @Test func aFolderWithoutGatewaysIsNoImport() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try write("first/readme.txt", "nothing")
        #expect(try Program.run("import", folder.path).status == 2)
        #expect(try Program.run("import", "/nonexistent").status == 2)
    }
}

@Suite struct OverlapsCommandTests {
    @Test func aSoundInventoryIsATree() throws {
        let process = try Program.run("overlaps", Program.sample("handbook.yaml"))
        #expect(process.status == 0)
        let expected = """
            192.168.0.0/16  private (RFC 1918)
            ├─ 192.168.1.0/24  first
            ├─ 192.168.2.0/24  second
            └─ free: 99.21 %, the largest 192.168.128.0/17, 192.168.64.0/18, 192.168.32.0/19, 192.168.16.0/20 and 4 more

            """
        #expect(process.output == expected)
    }

    @Test func collisionsAreMarkedAlthoughTheInventoryHasFaults() throws {
        let path = Program.sample("rejected/network-overlap.yaml")
        let process = try Program.run("overlaps", path)
        #expect(process.status == 1)
        #expect(process.output.contains("└─ 10.1.0.0/16  berlin  COLLIDES: 10.0.0.0/8 of lima, \(path):16:16\n"))
        let json = try Program.run("overlaps", "-o", "json", path)
        let space = try #require(JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        #expect(json.status == 1 && space["collisions"] as? Int == 6)
        #expect(try Program.run("overlaps", "/nonexistent").status == 2)
    }
}

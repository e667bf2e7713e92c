import Foundation
import Testing

@Suite struct RenderCommandTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "warren-render-\(UUID().uuidString)")
    private var output: String { folder.appending(path: "out").path }
    private var secret: String { folder.appending(path: "secret").path }

    init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

    private func render(
        _ site: String, _ platform: String = "linux", into place: String? = nil, _ more: [String] = []
    ) throws -> Program.Completion {
        try Program.run(
            list: [
                "render", Program.sample("handbook.yaml"), "--site", site, "--platform", platform, "--output", place ?? output,
                "--secret", secret,
            ] + more)
    }

    private func mode(_ path: String) throws -> Int {
        try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    private func contents(_ folder: String) throws -> [String: Data] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        return try Dictionary(uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: URL(filePath: "\(folder)/\($0)"))) })
    }

    @Test func writesWhatAGatewayNeeds() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let linux = try render("first")
        #expect(linux.status == 0, "\(linux.errorOutput)")
        let names = ["ip.batch", "nftables.conf", "strongswan.conf", "swanctl.conf", "sysctl.conf", "xfrm.batch"]
        #expect(try contents(output).keys.sorted() == names)
        #expect(linux.output.split(separator: "\n").map(String.init).sorted() == names.map { "\(output)/\($0)" })
        #expect(linux.errorOutput.contains("a new secret"))
        #expect(try mode(secret) == 0o600)
        #expect(try mode(output) == 0o700)
        #expect(try mode(output + "/swanctl.conf") == 0o600)
        #expect(try mode(output + "/ip.batch") == 0o644)
        let racoon = folder.appending(path: "racoon").path
        #expect(try render("first", "freebsd", into: racoon + "/", ["--ike", "racoon"]).status == 0)
        #expect(try mode(racoon + "/psk.txt") == 0o600)
        #expect(try mode(racoon + "/ipfw.sh") == 0o755)
        // Nothing half-made is left beside them.
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["out", "racoon", "secret"])
    }

    /// Also between systems: the keys are those of the link.
    @Test func bothEndsGetTheSameKeyAndNeitherShowsIt() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let other = folder.appending(path: "other").path
        let shown = try [render("first"), render("second", "freebsd", into: other)].map { $0.output + $0.errorOutput }.joined()
        let key = try Regex<Substring>("0x[0-9a-f]{64}")
        let keys = try [output, other].map { folder in
            let text = try String(contentsOfFile: folder + "/swanctl.conf", encoding: .utf8)
            return String(try #require(text.firstMatch(of: key)).output)
        }
        #expect(keys[0] == keys[1])
        #expect(!shown.contains(keys[0].dropFirst(2)))
        #expect(try contents(output).filter { String(decoding: $0.value, as: UTF8.self).contains(keys[0]) }.count == 1)
    }

    @Test func replacesOnlyARenderingAndOnlyWhenForced() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: false)
        #expect(try render("first").status == 0)
        let first = try contents(output)
        #expect(try render("second").status == 2)
        #expect(try contents(output) == first)
        #expect(try render("second", "freebsd", ["--force"]).status == 0)
        let second = try contents(output)
        #expect(second.keys.contains("rc.conf") && !second.keys.contains("ip.batch"))
        try Data().write(to: URL(filePath: output + "/notes"))
        let refused = try render("first", "linux", ["--force"])
        #expect(refused.status == 2)
        #expect(refused.errorOutput.contains("holds 'notes'"))
        #expect(try contents(output).count == second.count + 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["out", "secret"])
    }

    @Test func aSecretMustBeOne() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        for (bytes, mode) in [(31, 0o600), (33, 0o600), (0, 0o600), (32, 0o644)] {
            try? FileManager.default.removeItem(atPath: secret)
            let file = FileManager.default.createFile(
                atPath: secret, contents: Data(repeating: 7, count: bytes), attributes: [.posixPermissions: mode])
            #expect(file)
            let completion = try render("first")
            #expect(completion.status == 2, "\(bytes) bytes, mode \(mode)")
            #expect(!FileManager.default.fileExists(atPath: output))
        }
    }

    @Test func addressesThatTheInventoryDoesNotSay() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        func render(_ addresses: String...) throws -> Program.Completion {
            try Program.run(
                list: [
                    "render", Program.sample("dynamic-address.yaml"), "--site", "head-office", "--platform", "linux",
                    "--output", output, "--secret", secret,
                ] + addresses.flatMap { ["--address", $0] })
        }
        let refused = try render("branch=198.51.100.1")
        #expect(refused.status == 2)
        #expect(refused.errorOutput.contains("--address kiosk=ADDRESS"))
        for wrong in ["head-office=203.0.113.9", "nobody=203.0.113.9", "kiosk", "kiosk=10.0.0", "branch=198.51.100.3"] {
            #expect(try render("branch=198.51.100.1", "kiosk=198.51.100.2", wrong).status != 0, "\(wrong)")
        }
        #expect(!FileManager.default.fileExists(atPath: output))
        let rendered = try render("branch=198.51.100.1", "kiosk=198.51.100.2")
        #expect(rendered.status == 0, "\(rendered.errorOutput)")
        let batch = try String(contentsOfFile: output + "/ip.batch", encoding: .utf8)
        #expect(batch.contains("local 203.0.113.10 remote 198.51.100.1 "))
        #expect(batch.contains("local 203.0.113.10 remote 198.51.100.2 "))
    }

    @Test func whatCannotBeRendered() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(try render("nobody").status == 2)
        #expect(try render("first", "linux", ["--ike", "racoon"]).status == 2)
        #expect(try render("first", "embedded").status == 2)
        #expect(try render("first", into: "/nonexistent/out").status == 2)
        let faulty = try Program.run(
            list: [
                "render", Program.sample("rejected/network-overlap.yaml"), "--site", "a", "--platform", "linux", "--output",
                output, "--secret", secret,
            ])
        #expect(faulty.status == 1)
        #expect(!FileManager.default.fileExists(atPath: output))
    }
}

extension RenderCommandTests {
    private func render(_ site: String, _ platform: String = "linux", _ more: [String]) throws -> Program.Completion {
        try render(site, platform, into: nil, more)
    }
}

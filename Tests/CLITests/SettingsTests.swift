import Foundation
import Testing
import WarrenClient

@testable import WarrenCLI

@Suite struct SettingsTests {
    private let text = """
        profile: production
        color: never
        profiles:
          lab: {socket: /run/lab/api.sock}
          production:
            url: https://controller.example.net:8443
            token-file: production.token
            ca: ~/ca.pem
        """

    @Test func whatIsWrittenReadsBack() throws {
        let settings = try Settings.parse(text, source: "config.yaml")
        #expect(settings.profile == "production" && settings.colour == .never && settings.profiles.count == 2)
        #expect(try Settings.parse(try settings.text(), source: "config.yaml") == settings)
        #expect(try Settings.parse("", source: "config.yaml") == Settings())
    }

    @Test(arguments: [
        ("profil: lab", "config.yaml:1:1: there is no setting 'profil' (did you mean 'profile'?)"),
        ("profiles:\n  lab: {soket: /x}", "config.yaml:2:9: there is no setting 'soket' (did you mean 'socket'?)"),
        ("profiles:\n  lab: {}", "the profile 'lab' gives neither socket nor url"),
        ("profiles:\n  lab: {socket: /x, url: 'https://x'}", "gives both socket and url"),
        ("profiles:\n  lab: {url: 'http://x', token-file: t}", "does not start with https://"),
        ("profiles:\n  lab: {url: 'https://x'}", "gives url without token-file"),
        ("profiles:\n  -x: {socket: /x}", "cannot name a profile"),
        ("color: mauve", "'color' cannot have this value"),
        ("- list", "not a mapping"),
        ("a: [", "is not YAML"),
    ])
    func faultsAreSaidWithTheirPlace(text: String, message: String) {
        let failure = #expect(throws: CommandFailure.self) { try Settings.parse(text, source: "config.yaml") }
        #expect(failure?.message.contains(message) == true, "\(failure?.message ?? "")")
        #expect(failure?.status == 2)
    }

    private func resolve(
        _ choice: ControllerChoice, _ environment: [String: String] = [:], _ text: String? = nil
    ) throws -> String? {
        let settings = try Settings.parse(text ?? self.text, source: "config.yaml")
        let file = SettingsFile(option: "/etc/warren/config.yaml", environment: [:])
        guard let (address, _) = try choice.resolve(environment: environment, settings: { (settings, file) }) else {
            return nil
        }
        guard case .https(let url, let token, let authority) = address else { return "\(address)" }
        return [url, token, authority ?? "system"].joined(separator: " ")
    }

    /// The nearest to the command line wins, and wins whole.
    @Test func theOrderOfWhatNamesAController() throws {
        let elsewhere = ["WARREN_URL": "https://env", "WARREN_TOKEN_FILE": "/env.token", "WARREN_CA": "/env.pem"]
        let local = ["WARREN_SOCKET": "/env.sock", "WARREN_PROFILE": "production"]
        #expect(try resolve(ControllerChoice(socket: "/flag.sock"), elsewhere) == "/flag.sock")
        #expect(try resolve(ControllerChoice(url: "https://flag", tokenFile: "/t"), local) == "https://flag /t system")
        #expect(try resolve(ControllerChoice(profile: "lab"), elsewhere) == "/run/lab/api.sock")
        #expect(try resolve(ControllerChoice(), elsewhere) == "https://env /env.token /env.pem")
        #expect(try resolve(ControllerChoice(), local) == "/env.sock")
        #expect(try resolve(ControllerChoice(), ["WARREN_PROFILE": "lab"]) == "/run/lab/api.sock")
        let kept = "https://controller.example.net:8443 /etc/warren/production.token"
        #expect(try resolve(ControllerChoice())?.hasPrefix(kept) == true)
        #expect(try resolve(ControllerChoice(), [:], "") == nil)
        #expect(try resolve(ControllerChoice(), ["WARREN_SOCKET": "", "WARREN_PROFILE": "lab"]) == "/run/lab/api.sock")
    }

    /// A token that is kept for one controller goes to no other.
    @Test func noTokenGoesAstray() {
        #expect(throws: CommandFailure.self) { try resolve(ControllerChoice(url: "https://flag")) }
        #expect(throws: CommandFailure.self) { try resolve(ControllerChoice(), ["WARREN_URL": "https://env"]) }
        #expect(throws: CommandFailure.self) {
            try resolve(ControllerChoice(), ["WARREN_URL": "https://env", "WARREN_SOCKET": "/env.sock"])
        }
        #expect(throws: CommandFailure.self) { try resolve(ControllerChoice(profile: "prodution")) }
    }

    @Test func profilesAreAddedUsedAndRemoved() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "warren-settings-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "deep/config.yaml").path
        func profile(_ arguments: String...) throws -> Program.Completion {
            try Program.run(list: ["profile"] + arguments + ["--config", file])
        }
        #expect(try profile("list").errorOutput.contains("'warren profile add' makes one"))
        #expect(try profile("add", "lab", "--socket", "/nonexistent/lab.sock").status == 0)
        #expect(try profile("add", "lab", "--socket", "/other.sock").errorOutput.contains("--force replaces it"))
        #expect(try profile("add", "far", "--url", "https://far:8443", "--token-file", "/t", "--use").status == 0)
        #expect(try profile("list").output == "* far  https://far:8443\n  lab  /nonexistent/lab.sock\n")
        #expect(try profile("use", "labb").errorOutput.contains("(did you mean 'lab'?)"))
        #expect(try profile("use", "lab").status == 0)
        let attributes = try FileManager.default.attributesOfItem(atPath: file)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        // It is spoken to from then on.
        let status = try Program.run("status", "--config", file)
        #expect(status.status == 3 && status.errorOutput.contains("/nonexistent/lab.sock"))
        #expect(try profile("remove", "lab").status == 0)
        #expect(try profile("show").status == 1)
        #expect(try Program.run("status", "--config", "/nonexistent/config.yaml").status == 2)
    }
}

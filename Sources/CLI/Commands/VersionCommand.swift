import ArgumentParser
import WarrenAPIModel
import WarrenBuild
import WarrenClient

struct VersionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Show what this program was built from, and which version the controller is.",
        discussion: """
            A controller that does not answer is said, and is no failure: what is asked here is the version of this program.

            EXIT STATUS: 0; 2 the command line or the settings cannot be used.
            """)

    @Option(name: .shortAndLong, help: "How to print.")
    var output = TextFormat.text

    @OptionGroup(title: "Controller") var controller: ControllerOptions

    private struct Answer: Encodable {
        struct Remote: Encodable {
            let address: String
            var version: String?
            var agentProtocol: String?
            var failure: String?
        }
        let client: Build
        let controller: Remote
    }

    func run() async throws {
        let address = try controller.address
        var remote = Answer.Remote(address: "\(address)")
        do {
            let version = try await ControllerClient.withClient(of: address) { try await $0.version() }
            (remote.version, remote.agentProtocol) = (version.version, version.agentProtocol)
        } catch let error as ClientError {
            remote.failure = "\(error)"
        }
        let build = Build.current
        switch output {
        case .json: try Terminal.show(json: Answer(client: build, controller: remote))
        case .text:
            Terminal.show(
                """
                warren      \(build.version)
                commit      \(build.commit ?? "not told to this build")
                Swift       \(build.swift)
                controller  \(Self.text(remote))
                """)
            if let failure = remote.failure { Terminal.note("warren: \(failure)") }
        }
    }

    private static func text(_ remote: Answer.Remote) -> String {
        guard let version = remote.version else { return "no answer from \(remote.address)" }
        return "\(version) at \(remote.address)" + (remote.agentProtocol.map { ", agents' protocol \($0)" } ?? "")
    }
}

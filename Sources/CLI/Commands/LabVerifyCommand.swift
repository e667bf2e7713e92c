import ArgumentParser
import WarrenLab

struct LabVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Ping from every site to every other, and prove that only IPsec was on the internet.",
        discussion: """
            Every pair of networks is tried: those with a link, those that reach each other through a hub, and those that the \
            plan keeps apart, where no echo may be answered. Hosts are called by what the sender's site calls them.

            Captures every frame on the lab's internet meanwhile and sorts it: IKE, ESP, the controller's TLS, address \
            resolution. Anything else is a failure, and so is no ESP at all.

            EXIT STATUS: 0 all of it holds; 1 something does not.
            """)

    @Argument(help: "The inventory: a file or a folder.")
    var file: String

    @Option(name: .shortAndLong, help: "How to print.")
    var output = ShowCommand.Format.text

    func run() async throws {
        let lab = try LabCommand.lab(file)
        let verification = try await cancellingOnSignal { try await lab.verify() }
        switch output {
        case .json: try Terminal.show(json: verification)
        case .text: Terminal.show(verification.text)
        }
        guard verification.holds else { throw ExitCode(1) }
    }
}

import ArgumentParser
import WarrenLab
import WarrenStatus

struct LabDemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Raise the lab, prove what Warren promises, and take it down.",
        discussion: """
            Waits for every link, pings between all hosts under capture, stops the controller, kills and restarts an agent, \
            proves that traffic and security associations survive both, and takes everything down.

            EXIT STATUS: 0 all of it held; 1 something did not.
            """)

    @Argument(help: "The inventory: a file or a folder.")
    var file: String

    @OptionGroup var nat: LabNATOption

    func run() async throws {
        let lab = try LabCommand.lab(file, behindNAT: nat.behindNAT) { Terminal.show("   \($0)") }
        let start = ContinuousClock.now, colour = Terminal.usesColour
        let demonstration = LabDemonstration(lab) { step in
            Terminal.show("\n== \((ContinuousClock.now - start).components.seconds) s: \(step)")
        } show: { exhibit in
            switch exhibit {
            case .status(let status): Terminal.show(StatusText.table(status, colour: colour))
            case .report(let report): Terminal.show(ReportText.report(report))
            case .verification(let verification): Terminal.show(verification.text)
            }
        }
        try await cancellingOnSignal { try await demonstration.run() }
        Terminal.show("\n== \((ContinuousClock.now - start).components.seconds) s: all of it held")
    }
}

import ArgumentParser

struct CompletionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion",
        abstract: "Print a script that teaches a shell to complete warren's command lines.",
        discussion: """
              bash   warren completion bash > ~/.local/share/bash-completion/completions/warren
              zsh    warren completion zsh > ~/.zsh/completions/_warren      a folder of fpath
              fish   warren completion fish > ~/.config/fish/completions/warren.fish

            Sites, links, generations and profiles are completed, too: by asking the controller for a moment, or from the \
            inventory on the command line, of WARREN_INVENTORY, or of the profile.
            """)

    enum Shell: String, ExpressibleByArgument, CaseIterable { case bash, zsh, fish }

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() throws {
        guard let shell = CompletionShell(rawValue: shell.rawValue) else {
            throw CommandFailure(usage: "there is no completion for \(shell.rawValue): take bash, zsh or fish")
        }
        Terminal.show(Warren.completionScript(for: shell))
    }
}

import Foundation
import Testing

/// What the shells offer, asked as they ask: in a shell of its own, with the script that the program prints.
@Suite struct CompletionTests {
    private let sample = Program.sample("handbook.yaml")

    @Test(arguments: ["bash", "zsh", "fish"]) func theScriptIsSound(shell: String) throws {
        let script = try Program.run("completion", shell)
        #expect(script.status == 0 && script.output.count > 1000)
        let file = FileManager.default.temporaryDirectory.appending(path: "warren-completion-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(script.output.utf8).write(to: file)
        let check = try Program.run(list: ["-n", file.path], program: "/usr/bin/\(shell)")
        #expect(check.status == 0, "\(shell): \(check.errorOutput)")
    }

    /// The words that bash offers after `line`.
    private func offered(_ line: String, environment: [String: String] = [:]) throws -> [String] {
        let script = """
            PATH="$1:$PATH"; source <(warren completion bash)
            COMP_LINE="$2"; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9
            read -ra COMP_WORDS <<< "$2"; [[ "$2" == *' ' ]] && COMP_WORDS+=('')
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _warren warren "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let folder = URL(filePath: Program.path).deletingLastPathComponent().path
        let shell = try Program.run(
            list: ["-c", script, "bash", folder, line], environment: environment, program: "/bin/bash")
        return shell.output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    }

    @Test func commandsAndOptionsAreOffered() throws {
        #expect(try offered("warren sta").contains("status"))
        #expect(try offered("warren rollout ").contains("pause"))
        #expect(try offered("warren status --col").contains("--color"))
    }

    @Test func sitesComeFromTheInventory() throws {
        #expect(try offered("warren plan \(sample) --site ").contains("second"))
        #expect(try offered("warren show sa ", environment: ["WARREN_INVENTORY": sample]).contains("second"))
        // Nothing is known: nothing is offered, and nothing is said.
        #expect(try offered("warren show sa --socket /nonexistent/api.sock ").isEmpty)
    }
}

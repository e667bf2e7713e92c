import ArgumentParser
import Foundation
import Testing

@testable import WarrenCLI

/// What the README shows is true: its inventory is sound, and its commands are commands.
@Suite struct ReadmeTests {
    struct Line: Sendable, CustomTestStringConvertible {
        let words: [String]
        var testDescription: String { words.joined(separator: " ") }
    }

    private static let text = (try? String(contentsOf: Program.repository.appending(path: "README.md"), encoding: .utf8)) ?? ""

    /// The fenced blocks of a language; "" for those without.
    private static func blocks(_ language: String) -> [[Substring]] {
        var blocks: [[Substring]] = [], open: String?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                if open == nil {
                    open = String(line.dropFirst(3))
                    blocks.append([])
                } else {
                    open = nil
                }
            } else if open == language {
                blocks[blocks.count - 1].append(line)
            }
        }
        return blocks.filter { !$0.isEmpty }
    }

    /// The commands of all blocks without a language, comments and continuations aside.
    static let lines: [Line] = blocks("").flatMap { block -> [Line] in
        block.joined(separator: "\n").replacing("\\\n", with: " ").split(separator: "\n").compactMap { line in
            let command = line.split(separator: /(^|\s)#/, omittingEmptySubsequences: false)[0]
            let words = command.split(separator: " ").map(String.init)
            return words.isEmpty ? nil : Line(words: words.first == "sudo" ? Array(words.dropFirst()) : words)
        }
    }

    private static func of(_ program: String) -> [Line] { lines.filter { $0.words.first == program } }

    /// Words of a command, without what the shell does with its output.
    private static func arguments(_ line: Line) -> [String] {
        Array(line.words.dropFirst().prefix { !["|", ">", "<", "&&"].contains($0) })
    }

    static let warren = of("warren")
    static let others = lines.filter { ["warrend", "warren-agent", "warren-tunneld"].contains($0.words[0]) }

    @Test func thereAreExamples() {
        #expect(Self.warren.count > 15 && Self.others.count > 2 && Self.of("make").count > 1)
        let known = ["warren", "warrend", "warren-agent", "warren-tunneld", "make", "useradd", "mkdir", "man", "source"]
        for line in Self.lines where line.words[0].first?.isLetter == true && !line.words[0].contains("/") {
            #expect(known.contains(line.words[0]), "\(line.testDescription): say here how it is checked")
        }
    }

    @Test(arguments: warren) func itIsACommandLine(line: Line) throws {
        _ = try Warren.parseAsRoot(Self.arguments(line))
    }

    @Test(arguments: others) func itsOptionsAreKnown(line: Line) throws {
        let words = Self.arguments(line)
        let command = Array(words.prefix { !$0.hasPrefix("-") })
        let help = try Program.run(list: command + ["--help"], program: Program.path(of: line.words[0]))
        #expect(help.status == 0)
        for option in words where option.hasPrefix("--") { #expect(help.output.contains(option), "\(line.testDescription)") }
    }

    @Test func theVerbsExist() throws {
        let makefile = try String(contentsOf: Program.repository.appending(path: "Makefile"), encoding: .utf8)
        let inText = Self.text.matches(of: /`make ([a-z-]+)/).map { String($0.1) }
        for verb in inText + Self.of("make").map({ $0.words[1] }) {
            #expect(makefile.contains("\n\(verb):"), "there is no 'make \(verb)'")
        }
    }

    /// Those that need neither controller nor root run, one after another, on the README's own inventory.
    @Test func whatCanRunRuns() throws {
        let inventory = try #require(Self.blocks("yaml").first { $0.contains { $0.hasPrefix("mesh:") } })
        let folder = FileManager.default.temporaryDirectory.appending(path: "warren-readme-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let sites = folder.appending(path: "sites.yaml")
        let local = ["validate", "plan", "overlaps", "trace", "render", "completion", "example"]
        var ran = 0
        for line in Self.warren where local.contains(line.words[1]) && !line.words.contains("controller") {
            try Data(inventory.joined(separator: "\n").utf8).write(to: sites)
            let script = line.words.joined(separator: " ")
            let process = try Program.run(
                list: [
                    "-c", "cd \"$1\" && PATH=\"$2:$PATH\" && HOME=\"$1\" && \(script)", "sh", folder.path,
                    URL(filePath: Program.path).deletingLastPathComponent().path,
                ], program: "/bin/sh")
            #expect(process.status == 0, "\(line.testDescription): \(process.errorOutput)\(process.output)")
            ran += 1
        }
        #expect(ran >= 5)
    }
}

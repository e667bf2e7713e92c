import Foundation
import Testing
import WarrenManual

/// The manual pages are made from the programs' own definitions, and are sound mdoc.
@Suite struct ManualTests {
    private func pages(of program: String) throws -> [Manual.Page] {
        let dump = try Program.run(list: ["--experimental-dump-help"], program: Program.path(of: program))
        let help = try JSONDecoder().decode(CommandHelp.Dump.self, from: Data(dump.output.utf8)).command
        return Manual(.init(date: "January 31, 2026", system: "Warren")).pages(of: help, section: program == "warren" ? 1 : 8)
    }

    @Test(arguments: HelpTests.programs) func everyPageIsSound(program: String) throws {
        let pages = try pages(of: program)
        #expect(pages.first?.name == program)
        let folder = FileManager.default.temporaryDirectory.appending(path: "warren-man-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for page in pages {
            let file = folder.appending(path: page.fileName).path
            try Data(page.text.utf8).write(to: URL(filePath: file))
            let lint = try Program.run(list: ["-Tlint", "-Wwarning", file], program: "/usr/bin/mandoc")
            #expect(lint.status == 0 && lint.output.isEmpty, "\(lint.output)")
            let man = try Program.run(list: ["--warnings", "-l", file], environment: ["PAGER": "cat"], program: "/usr/bin/man")
            #expect(man.status == 0 && man.errorOutput.isEmpty, "\(page.name): \(man.errorOutput)")
        }
    }

    /// Whatever a command takes stands on a page.
    @Test func nothingIsLeftOut() throws {
        let pages = Dictionary(uniqueKeysWithValues: try pages(of: "warren").map { ($0.name, $0.text) })
        for command in try HelpTests.commands(of: "warren") where !command.isEmpty {
            let help = try Program.run(list: command + ["--help"])
            let page = try #require(pages["warren-\(command[0])"], "\(command) has no page")
            for option in help.output.matches(of: /(?m)^ +(?:-[a-z], )?--([a-z-]+)/)
            where !["help", "version"].contains(option.1) {
                #expect(page.contains("Fl \\-\(option.1.replacing("-", with: "\\-"))"), "\(command): --\(option.1)")
            }
        }
        #expect(pages["warren-rollout"]?.contains(".Ss warren rollout pause") == true)
        #expect(pages["warren-plan"]?.contains(".Sh EXIT STATUS") == true)
    }
}

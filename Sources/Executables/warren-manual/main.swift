import Foundation
import WarrenManual

// warren-manual FOLDER DATE SYSTEM: the manual pages of the programs beside this one, into FOLDER/man1 and FOLDER/man8.
guard CommandLine.arguments.count == 4 else {
    FileHandle.standardError.write(Data("usage: warren-manual FOLDER DATE SYSTEM\n".utf8))
    exit(2)
}
let folder = URL(filePath: CommandLine.arguments[1])
let manual = Manual(.init(date: CommandLine.arguments[2], system: CommandLine.arguments[3]))
let programs = URL(filePath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
    .deletingLastPathComponent()
for (program, section) in [("warren", 1), ("warrend", 8), ("warren-agent", 8), ("warren-tunneld", 8)] {
    let process = Process(), output = Pipe()
    process.executableURL = programs.appending(path: program)
    process.arguments = ["--experimental-dump-help"]
    process.standardOutput = output
    try process.run()
    let dump = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    let pages = manual.pages(of: try JSONDecoder().decode(CommandHelp.Dump.self, from: dump).command, section: section)
    let place = folder.appending(path: "man\(section)")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    for page in pages { try Data(page.text.utf8).write(to: place.appending(path: page.fileName)) }
}

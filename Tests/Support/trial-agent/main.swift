import AgentCore
import AgentRuntime
import Foundation
import Logging
import WarrenModel
import WarrenWire

// trial-agent STATE GATEWAY SITE [STEPS]: the real agent with its real files, on a gateway that is a file. With STEPS it
// stands still before that operation. Reads from standard input: `receive FILE SECONDS`, `confirm FILE`. Writes a line per
// report: version, whether it is on trial, and the rejected version.

let arguments = CommandLine.arguments
guard arguments.count >= 4, let site = SiteName(arguments[3]) else {
    FileHandle.standardError.write(Data("usage: trial-agent STATE GATEWAY SITE [STEPS]\n".utf8))
    exit(64)
}
let gateway = FileGateway(
    file: URL(filePath: arguments[2]), standsStillAfter: arguments.count > 4 ? Int(arguments[4]) : nil)
let agent = Agent(
    site: site, driver: gateway, directory: try StateDirectory(path: arguments[1]),
    log: Logger(label: "trial-agent") { StreamLogHandler.standardError(label: $0) })

@Sendable func desired(_ path: String) throws -> DesiredState {
    try DesiredState(serialized: Array(try Data(contentsOf: URL(filePath: path))))
}

let running = Task { await agent.run() }
let telling = Task {
    for await report in await agent.reports() {
        say("report \(report.version) \(report.isOnTrial) \(report.rejected.map { "\($0)" } ?? "-")")
    }
}
let (lines, input) = AsyncStream<String>.makeStream()
Thread.detachNewThread {
    while let line = readLine() { input.yield(line) }
    input.finish()
}
for await line in lines {
    let words = line.split(separator: " ").map(String.init)
    switch words.first {
    case "receive" where words.count == 3:
        agent.receive(try desired(words[1]), trial: Double(words[2]).map { .seconds($0) })
    case "confirm" where words.count == 2:
        let stream = await agent.openStream()
        agent.confirm(try desired(words[1]).version, on: stream.id)
    default: exit(64)
    }
}
await running.value

import AgentRuntime
import ArgumentParser
import Foundation
import WarrenModel

extension WarrenAgent {
    /// `warren-agent enrol`: trades a token for this gateway's certificate.
    struct Enrol: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Enrols this gateway with the token that 'warren token create' gave.",
            discussion: """
                The token is read from --token-file, else from the environment's WARREN_TOKEN, else from standard input; \
                never from an argument, where others could see it.
                """)

        /// EX_NOINPUT of sysexits(3), beside the EX_USAGE of a command line that cannot be understood.
        private static let noInput: Int32 = 66

        @OptionGroup var state: StateOptions

        @Option(name: .long, help: ArgumentHelp("A file that holds the token; '-' is standard input.", valueName: "file"))
        var tokenFile: String?

        @Option(
            name: .long,
            help: ArgumentHelp("Where the controller enrols agents, unless the token says.", valueName: "host:port"))
        var controller: String?

        @Option(name: .long, help: "The site that this gateway is for: a check against the wrong token.")
        var site: String?

        @Flag(name: .long, help: "Replace the identity of a gateway that is enrolled.")
        var force = false

        func run() async throws {
            let address = try controller.map { text in
                guard let address = ControllerAddress(enrolment: text) else {
                    throw ValidationError("'\(text)' is not HOST:PORT")
                }
                return address
            }
            let name = try site.map { text in
                guard let name = SiteName(text) else { throw ValidationError("'\(text)' is not a site's name") }
                return name
            }
            let token = try Enrolment.token(text: try readToken())
            let enrolment = try Enrolment(
                token: token, site: name, controller: address, directory: try state.directory(), isForced: force)
            let identity = try await enrolment.enrol()
            print("enrolled as site \(identity.site) of mesh \(identity.mesh)")
        }

        private func readToken() throws -> String {
            if let tokenFile, tokenFile != "-" {
                do {
                    return String(decoding: try Data(contentsOf: URL(filePath: tokenFile)), as: UTF8.self)
                } catch {
                    let isMissing = (error as? CocoaError)?.code == .fileReadNoSuchFile
                    let reason = isMissing ? "there is no such file" : "it cannot be read"
                    FileHandle.standardError.write(Data("Error: no token in \(tokenFile): \(reason)\n".utf8))
                    throw ExitCode(Self.noInput)
                }
            }
            if tokenFile == nil, let token = ProcessInfo.processInfo.environment["WARREN_TOKEN"] { return token }
            return String(decoding: try FileHandle.standardInput.readToEnd() ?? Data(), as: UTF8.self)
        }
    }
}

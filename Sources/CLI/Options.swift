import ArgumentParser
import Foundation
import WarrenClient
import WarrenModel

/// Which controller a command speaks to.
struct ControllerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The controller's unix socket. (default: WARREN_SOCKET, or \(ControllerAddress.defaultSocket))", valueName: "path"))
    var socket: String?

    @Option(help: ArgumentHelp("A controller elsewhere: https://HOST:PORT, with --token-file.", valueName: "url"))
    var url: String?

    @Option(help: ArgumentHelp("The file with the operator's token for --url.", valueName: "file"))
    var tokenFile: String?

    @Option(
        help: ArgumentHelp("The authority's certificate to trust for --url (PEM). (default: the system's)", valueName: "file"))
    var ca: String?

    func validate() throws {
        if socket != nil, url != nil { throw ValidationError("--socket and --url name two controllers: give one.") }
        if url != nil, tokenFile == nil { throw ValidationError("--url needs --token-file.") }
        if url == nil, tokenFile != nil || ca != nil { throw ValidationError("--token-file and --ca go with --url.") }
    }

    /// By an option.
    var isGiven: Bool { socket != nil || url != nil }

    /// The controller that the operator named, by option or environment; nil when by neither.
    var named: ControllerAddress? {
        if let url, let tokenFile { return .https(url: url, tokenFile: tokenFile, authorityFile: ca) }
        let path = socket ?? ProcessInfo.processInfo.environment["WARREN_SOCKET"]
        return path.flatMap { $0.isEmpty ? nil : .socket(path: $0) }
    }

    var address: ControllerAddress { named ?? .socket(path: ControllerAddress.defaultSocket) }
}

extension SiteName: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

/// A length of time on the command line: `90s`, `15m`, `1h`, `2d`, or a number of seconds.
struct TimeSpan: ExpressibleByArgument, Hashable, CustomStringConvertible {
    let seconds: UInt32

    init(seconds: UInt32) { self.seconds = seconds }

    init?(argument: String) {
        let factors: [Character: UInt32] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
        let factor = argument.last.flatMap { factors[$0] }
        let digits = factor == nil ? argument[...] : argument.dropLast()
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }), let number = UInt32(digits) else {
            return nil
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor ?? 1)
        guard !overflow, product > 0 else { return nil }
        seconds = product
    }

    var duration: Duration { .seconds(Int64(seconds)) }
    var description: String {
        for (unit, factor) in [("d", UInt32(86400)), ("h", 3600), ("m", 60)] where seconds % factor == 0 {
            return "\(seconds / factor)\(unit)"
        }
        return "\(seconds)s"
    }
    var defaultValueDescription: String { description }
}

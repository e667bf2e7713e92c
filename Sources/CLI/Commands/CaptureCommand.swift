import ArgumentParser
import Foundation
import Synchronization
import WarrenClient
import WarrenModel

struct CaptureCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capture",
        abstract: "Record the packets of IKE and ESP that a gateway exchanges with its peers.",
        discussion: """
            They come from the gateway's agent as they pass, into a file that tcpdump and Wireshark read, of raw IP packets. \
            Nothing else of what the host sends and receives is ever in it; of each packet there are the headers alone, unless \
            --full asks for all of it, encrypted as it is on its way. Segments that the kernel hands over together are one \
            packet. Wants the role admin, and is told among the events. Interrupt it to end it before its time.

              warren capture tokyo --seconds 30
              warren capture tokyo --peer berlin --output - | tcpdump -n -r -

            EXIT STATUS: 0 recorded, also when it was interrupted; 1 the agent is away or cannot; others as \
            'warren help exit-codes' says.
            """)

    @Argument(help: "The site whose gateway to record.")
    var site: SiteName

    @Option(help: ArgumentHelp("Only what it exchanges with this site.", valueName: "name"))
    var peer: SiteName?

    @Option(help: ArgumentHelp("For so long, 1 to 300.", valueName: "number"))
    var seconds: UInt32 = 10

    @Option(help: ArgumentHelp("At most so many packets, 1 to 100000.", valueName: "number"))
    var count: UInt32 = 1_000

    @Flag(help: "Whole packets, not their headers alone.")
    var full = false

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("A new file, or - for standard output. (default: SITE.pcap)", valueName: "file"),
        completion: .file(extensions: ["pcap"]))
    var output: String?

    @OptionGroup(title: "Controller") var controller: ControllerOptions

    private var question: CaptureQuestion {
        CaptureQuestion(peer: peer, seconds: seconds, packets: count, isWhole: full)
    }

    func validate() throws {
        if let fault = question.fault { throw ValidationError("\(fault): see --seconds and --count.") }
        guard peer != site else { throw ValidationError("--peer names another site.") }
        guard output != "-" || isatty(STDOUT_FILENO) == 0 else {
            throw ValidationError(
                "A terminal cannot show packets: name a file with --output, or pipe them into 'tcpdump -r -'.")
        }
    }

    func run() async throws {
        let (site, question, controller) = (site, question, controller)
        let file = try CaptureOutput(output ?? "\(site).pcap")
        try await cancellingOnSignal {
            do {
                try await controller.withClient(about: [site], silenceSeconds: Int64(question.seconds) + 30) { client in
                    try await client.capture(on: site, question) { piece in
                        if file.isEmpty {
                            Terminal.note("recording on \(site) for \(question.seconds) s at most: interrupt to end it")
                        }
                        try file.take(piece)
                    }
                }
            } catch is CancellationError {
                // What came until then is what was asked for.
            } catch {
                file.removeIfEmpty()
                throw error
            }
        }
        file.removeIfEmpty()
        Terminal.note(file.summary)
    }
}

/// Where the packets go.
private final class CaptureOutput: Sendable {
    private let name: String
    private let descriptor: Int32
    private let counter = Mutex(CaptureCounter())

    init(_ name: String) throws {
        self.name = name
        guard name != "-" else {
            descriptor = STDOUT_FILENO
            return
        }
        descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw NewFile.fault(name) }
    }

    deinit { if descriptor != STDOUT_FILENO { close(descriptor) } }

    func take(_ bytes: [UInt8]) throws {
        counter.withLock { $0.take(bytes) }
        let failure = Terminal.write(bytes, to: descriptor)
        guard failure == 0 else {
            throw CommandFailure(usage: "cannot write '\(name)': \(String(cString: strerror(failure))); name another place")
        }
    }

    /// Nothing came yet, not even the file's header: the capture has not begun.
    var isEmpty: Bool { counter.withLock { $0.bytes == 0 } }

    /// A capture that never began leaves no file.
    func removeIfEmpty() {
        if descriptor != STDOUT_FILENO, isEmpty { unlink(name) }
    }

    var summary: String {
        let (packets, bytes) = counter.withLock { ($0.packets, $0.bytes) }
        return "\(packets) packets" + (name == "-" || bytes == 0 ? "" : " in \(name)")
    }
}

/// Counts the packets of a pcap file that comes in pieces.
struct CaptureCounter {
    private(set) var bytes = 0
    private(set) var packets = 0
    /// Bytes of the file's header, or of a packet, that are still to be passed over.
    private var skip = 24
    private var header: [UInt8] = []

    mutating func take(_ piece: [UInt8]) {
        bytes += piece.count
        var rest = piece[...]
        while !rest.isEmpty {
            if skip > 0 {
                let step = min(skip, rest.count)
                rest = rest.dropFirst(step)
                skip -= step
                continue
            }
            let needed = 16 - header.count
            header += rest.prefix(needed)
            rest = rest.dropFirst(needed)
            guard header.count == 16 else { return }
            // Where the record says how much of the packet it has, little-endian.
            skip = header[8..<12].reversed().reduce(0) { $0 << 8 | Int($1) }
            header = []
            packets += 1
        }
    }
}

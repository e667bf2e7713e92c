import CWarrenSystem
import DataPlane
import TunnelControl
import WarrenFailpoints

#if canImport(Glibc)
    import Glibc
#endif

/// Runs iproute2 and nft with argument vectors, never through a shell, and reaches into one network namespace.
struct NetworkTools {
    struct Outcome {
        let status: Int32
        let output: [UInt8]
        let errors: String
    }

    let namespace: String?

    /// The namespace as a file, for `setns`.
    var namespacePath: String? { namespace.map { "/run/netns/\($0)" } }

    /// The programs' whole environment: their messages must not be translated, for some are told apart by their text.
    static let environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"] + Failpoint.inherited

    /// `arguments` as they must be spelled to run in the namespace; the program's name becomes an absolute path.
    func command(_ arguments: [String]) throws(DataPlaneError) -> [String] {
        guard let program = arguments.first else { throw DataPlaneError(.invalid, "no program") }
        let resolved = [try Self.path(of: program)] + arguments.dropFirst()
        guard let namespace else { return resolved }
        return [try Self.path(of: "ip"), "netns", "exec", namespace] + resolved
    }

    /// Runs a program to its end; `input` is its standard input.
    func run(_ arguments: [String], input: String = "") throws(DataPlaneError) -> Outcome {
        let standardInput = try Self.memoryFile(), output = try Self.memoryFile(), errors = try Self.memoryFile()
        var bytes = Array(input.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { write(standardInput.rawValue, $0.baseAddress, $0.count) }
            guard count > 0 else { throw Self.refused("write") }
            bytes = bytes.dropFirst(count)
        }
        lseek(standardInput.rawValue, 0, SEEK_SET)
        let process = try Self.spawn(
            try command(arguments), input: standardInput.rawValue, output: output.rawValue, error: errors.rawValue)
        let status = warren_wait(process)
        guard status >= 0 else { throw Self.refused("waitpid") }
        return Outcome(
            status: status, output: Self.contents(output), errors: String(decoding: Self.contents(errors), as: UTF8.self))
    }

    private static func memoryFile() throws(DataPlaneError) -> OwnedDescriptor {
        let file = OwnedDescriptor(warren_memory_file())
        guard file.rawValue >= 0 else { throw refused("memfd_create") }
        return file
    }

    /// Runs a program that must succeed; returns its standard output.
    @discardableResult
    func require(_ arguments: [String], input: String = "") throws(DataPlaneError) -> [UInt8] {
        let outcome = try run(arguments, input: input)
        guard outcome.status == 0 else { throw Self.refused(arguments, outcome) }
        return outcome.output
    }

    /// Runs a program that removes something; that it was absent is success.
    func removing(_ arguments: [String]) throws(DataPlaneError) {
        let outcome = try run(arguments)
        let isAbsent = ["No such process", "Cannot find device", "No such file or directory", "No such device"]
            .contains { outcome.errors.contains($0) }
        guard outcome.status == 0 || isAbsent else { throw Self.refused(arguments, outcome) }
    }

    static func spawn(
        _ arguments: [String], input: Int32, output: Int32, error: Int32, newSession: Bool = false
    ) throws(DataPlaneError) -> pid_t {
        var pointers = arguments.map { strdup($0) } + [nil]
        var environment = Self.environment.map { strdup($0) } + [nil]
        defer { for pointer in pointers + environment { free(pointer) } }
        let process = warren_spawn(&pointers, &environment, input, output, error, newSession ? 1 : 0)
        guard process > 0 else { throw refused("starting \(arguments.first ?? "")") }
        return process
    }

    private static func path(of program: String) throws(DataPlaneError) -> String {
        if program.hasPrefix("/") { return program }
        for folder in ["/usr/sbin", "/usr/bin", "/sbin", "/bin"] where access("\(folder)/\(program)", X_OK) == 0 {
            return "\(folder)/\(program)"
        }
        throw DataPlaneError(.unavailable, "the program \(program) is not installed")
    }

    /// Everything in a file, from its start. Takes the owner, not its number: the number alone does not keep the file open.
    private static func contents(_ file: OwnedDescriptor) -> [UInt8] {
        lseek(file.rawValue, 0, SEEK_SET)
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = chunk.withUnsafeMutableBytes { read(file.rawValue, $0.baseAddress, $0.count) }
            guard count > 0 else { return bytes }
            bytes += chunk.prefix(count)
        }
    }

    private static func refused(_ arguments: [String], _ outcome: Outcome) -> DataPlaneError {
        let reason = outcome.errors.split(separator: "\n").prefix(3).joined(separator: "; ")
        return DataPlaneError(.refused, "\(arguments.joined(separator: " ")): \(reason) (status \(outcome.status))")
    }

    /// The failure of the system call that has just returned.
    static func refused(_ what: String) -> DataPlaneError {
        DataPlaneError(.refused, "\(what): \(String(cString: strerror(errno)))")
    }
}

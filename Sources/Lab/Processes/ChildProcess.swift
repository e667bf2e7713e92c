import Dispatch
import Foundation
import Glibc

/// Starts programs: to their end, or detached. Nothing is inherited but the three standard files; signals are at their
/// defaults whatever this process ignores.
enum ChildProcess {
    /// What a program that ended left.
    struct Completion: Sendable {
        /// The exit status; 128 + N when signal N ended it.
        let status: Int32
        let output: String
        let errorOutput: String
        var succeeded: Bool { status == 0 }
    }

    /// Runs a program to its end. `input` goes to its standard input through a file that has no name, so a secret in it
    /// is seen by nobody else. Fails only when the program cannot be started.
    static func run(_ arguments: [String], input: String = "") async throws -> Completion {
        let standardInput = try AnonymousFile(holding: input)
        let standardOutput = try AnonymousFile(holding: ""), standardError = try AnonymousFile(holding: "")
        let pid = try spawn(
            arguments, input: standardInput.descriptor, output: standardOutput.descriptor, error: standardError.descriptor,
            ownSession: false)
        let status = await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: wait(for: pid)) }
        }
        return Completion(status: status, output: standardOutput.contents(), errorOutput: standardError.contents())
    }

    /// Runs a program that must succeed; else throws with what it said. Answers with its output.
    @discardableResult
    static func require(_ arguments: [String], input: String = "", failing message: String) async throws -> String {
        let completion = try await run(arguments, input: input)
        guard completion.succeeded else {
            let said = completion.errorOutput.isEmpty ? completion.output : completion.errorOutput
            throw LabError(
                .failed, "\(message): '\(arguments.joined(separator: " "))' ended with \(completion.status)", details: said)
        }
        return completion.output
    }

    /// Starts a program in a session of its own, so that neither the terminal's signals nor the end of this process touch
    /// it; both outputs are appended to the file `log`. Answers with its process id.
    static func start(_ arguments: [String], log: String) throws -> pid_t {
        let output = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard output >= 0 else { throw LabError(.failed, "cannot write \(log): \(String(cString: strerror(errno)))") }
        defer { close(output) }
        let input = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { close(input) }
        return try spawn(arguments, input: input, output: output, error: output, ownSession: true)
    }

    /// Whether a process runs; a child that ended is collected on the way.
    static func isRunning(_ pid: pid_t) -> Bool {
        var status: Int32 = 0
        if waitpid(pid, &status, WNOHANG) == pid { return false }
        guard kill(pid, 0) == 0 || errno == EPERM else { return false }
        return ProcessTable.state(of: pid) != "Z"
    }

    private static func spawn(
        _ arguments: [String], input: Int32, output: Int32, error: Int32, ownSession: Bool
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (descriptor, target) in [(input, Int32(0)), (output, 1), (error, 2)] {
            posix_spawn_file_actions_adddup2(&actions, descriptor, target)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var all = sigset_t(), none = sigset_t()
        sigfillset(&all)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        var flags = Int32(POSIX_SPAWN_SETSIGDEF) | Int32(POSIX_SPAWN_SETSIGMASK)
        // POSIX_SPAWN_SETSID, glibc 2.26 and later: the header hides it from Swift.
        if ownSession { flags |= 0x80 }
        posix_spawnattr_setflags(&attributes, Int16(truncatingIfNeeded: flags))

        let argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        let environment: [UnsafeMutablePointer<CChar>?] =
            ProcessInfo.processInfo.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in argv + environment { free(pointer) } }
        var pid: pid_t = 0
        let code = posix_spawnp(&pid, arguments.first ?? "", &actions, &attributes, argv, environment)
        guard code == 0 else {
            throw LabError(.missingProgram, "cannot start '\(arguments.first ?? "")': \(String(cString: strerror(code)))")
        }
        return pid
    }

    private static func wait(for pid: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 {
            guard errno == EINTR else { return 255 }
        }
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }
}

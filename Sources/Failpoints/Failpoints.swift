import Glibc
import Synchronization

/// Points at which a program can be made to die, as a power cut or an out-of-memory kill would end it: by SIGKILL, with
/// nothing put in order first. `WARREN_FAILPOINT` names the point, `NAME` or `NAME:N` for its N-th pass in this process.
///
/// With `WARREN_FAILPOINT_ONCE` the program dies only if it can delete the file of that path: once in all, also when it is
/// started again with the same environment. Both variables are read once. For tests; whoever can set them could kill the
/// program anyhow.
extension Failpoint {
    /// Goes on, or does not come back. Costs the load of one flag where no point is set.
    @inline(always)
    public func pass() {
        if Armed.point == nil { return }
        Armed.pass(self)
    }

    /// The variables to hand to a program that is started with an environment of its own, `NAME=VALUE` each.
    public static var inherited: [String] {
        [variable, onceVariable].compactMap { (name: String) -> String? in
            getenv(name).map { "\(name)=\(String(cString: $0))" }
        }
    }

    public static let variable = "WARREN_FAILPOINT"
    public static let onceVariable = "WARREN_FAILPOINT_ONCE"

    /// The point that `text`, `NAME` or `NAME:N`, names, and which of its passes, counted from 1.
    static func parse(_ text: String) -> (point: Failpoint, pass: Int)? {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first, let point = Failpoint(rawValue: String(name)) else { return nil }
        guard parts.count == 2 else { return (point, 1) }
        guard let pass = Int(parts[1]), pass > 0 else { return nil }
        return (point, pass)
    }
}

@usableFromInline enum Armed {
    private static let setting = getenv(Failpoint.variable).flatMap { Failpoint.parse(String(cString: $0)) }
    private static let once = getenv(Failpoint.onceVariable).map { String(cString: $0) }
    private static let passes = Atomic<Int>(0)

    @usableFromInline static let point: Failpoint? = setting?.point

    @usableFromInline static func pass(_ point: Failpoint) {
        guard let setting, point == setting.point else { return }
        guard passes.wrappingAdd(1, ordering: .relaxed).newValue == setting.pass else { return }
        if let once, unlink(once) != 0 { return }
        kill(getpid(), SIGKILL)
        // The signal ends all threads; this one may still run for a moment.
        while true { pause() }
    }
}

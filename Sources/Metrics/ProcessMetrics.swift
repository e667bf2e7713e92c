import Foundation

extension MetricsPage {
    /// The usual metrics of this process, from `/proc`; what cannot be read is left out.
    public mutating func addProcess() {
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        if let stat = Self.file("/proc/self/stat"), let end = stat.lastIndex(of: ")"), ticks > 0 {
            // The fields after the program's name, of which the first is number 3 of proc(5).
            let fields = stat[stat.index(after: end)...].split(separator: " ")
            func field(_ number: Int) -> Double? { fields.count > number - 3 ? Double(fields[number - 3]) : nil }
            if let user = field(14), let system = field(15) {
                counter(
                    "process_cpu_seconds_total", "Total user and system CPU time spent in seconds", (user + system) / ticks)
            }
            if let size = field(23) {
                gauge("process_virtual_memory_bytes", "Virtual memory size in bytes", size)
            }
            if let pages = field(24) {
                gauge(
                    "process_resident_memory_bytes", "Resident memory size in bytes",
                    pages * Double(sysconf(Int32(_SC_PAGESIZE))))
            }
            if let started = field(22), let boot = Self.bootTime {
                gauge(
                    "process_start_time_seconds", "Start time of the process since unix epoch in seconds",
                    boot + started / ticks)
            }
        }
        if let open = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count {
            // One of them is the folder itself.
            gauge("process_open_fds", "Number of open file descriptors", Double(open - 1))
        }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            gauge("process_max_fds", "Maximum number of open file descriptors", Double(limit.rlim_cur))
        }
    }

    private static func file(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

    /// In seconds since 1970.
    private static var bootTime: Double? {
        file("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst(6)) }
    }
}

import Glibc
import WarrenModel

extension MonotonicTime {
    /// The kernel's clock since boot, which counts sleep and which nobody sets: the time of all agents of one boot, so that
    /// what one wrote down the next can read.
    public static var now: MonotonicTime {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return MonotonicTime(nanoseconds: UInt64(clamping: time.tv_sec) * 1_000_000_000 + UInt64(clamping: time.tv_nsec))
    }
}

/// Names one run of the machine's kernel. A time of `MonotonicTime.now` means nothing in another.
struct BootIdentity: Sendable, Equatable {
    let bytes: [UInt8]

    /// Of the kernel that runs now; nil when it does not say.
    static let current: BootIdentity? = {
        let descriptor = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(descriptor, &bytes, bytes.count)
        return count > 16 ? BootIdentity(bytes: Array(bytes[..<count])) : nil
    }()
}

import FoundationEssentials

/// Which UDP ports are bound, as the kernel lists its sockets.
enum KernelSockets {
    /// Of `ports`, those bound in the network namespace of a process, by whichever process; nil when the kernel does not say.
    static func boundPorts(among ports: [UInt16], ofProcess process: String) -> [UInt16]? {
        let listings = ["udp", "udp6"].compactMap { try? String(contentsOfFile: "/proc/\(process)/net/\($0)", encoding: .utf8) }
        guard !listings.isEmpty else { return nil }
        let bound = Set(listings.flatMap { boundPorts(in: $0) })
        return ports.filter(bound.contains)
    }

    /// The local ports in one listing: a headline, then `SL: ADDRESS:PORT …` with the port in hexadecimal.
    static func boundPorts(in listing: String) -> [UInt16] {
        listing.split(separator: "\n").dropFirst().compactMap { line in
            let columns = line.split(separator: " ")
            guard columns.count > 1, let port = columns[1].split(separator: ":").last else { return nil }
            return UInt16(port, radix: 16)
        }
    }
}

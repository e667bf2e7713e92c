import CWarrenSystem
import DataPlane
import FoundationEssentials
import TunnelControl
import WarrenModel

#if canImport(Glibc)
    import Glibc
#endif

/// A TUN device of Warren's as the kernel has it.
struct KernelInterface: Equatable {
    let name: String
    let peer: SiteName
    let mtu: Int
    let isUp: Bool
    /// Point-to-point addresses, link-local ones left out.
    let addresses: [AddressPair]
}

/// Makes, numbers and removes the TUN devices. A device is Warren's when its alias says so: no other is ever touched.
struct KernelInterfaces {
    private static let aliasPrefix = "warren:"
    /// Packets that wait for the daemon at the most, as at a network card. The kernel's 500 are less than three milliseconds at
    /// 180,000 a second: what is lost when something else has the processor for as long.
    private static let queueLength = 1_000
    let tools: NetworkTools

    func observe() throws(DataPlaneError) -> [KernelInterface] { try listing().compactMap(Self.interface) }

    /// Makes the device match. Returns queues of it for the daemon, at most as many as named, none when it `isServed` already.
    func set(_ tunnel: GIFTunnel, isServed: Bool, queues count: Int) throws(DataPlaneError) -> [OwnedDescriptor] {
        let name = try Self.checked(tunnel.interface)
        let entry = try entry(name)
        if let entry, !entry.isWarrens, !entry.isUnfinished {
            throw DataPlaneError(.refused, "the interface \(name) exists and is not Warren's")
        }
        var queues: [OwnedDescriptor] = []
        if !isServed || entry == nil { queues = try openQueues(name, count) }
        if queues.count > 1 { try keepNoBacklog(name) }
        quieten(name)
        var steps = [
            "link set dev \(name) alias \(Self.aliasPrefix)\(tunnel.peer)",
            "link set dev \(name) mtu \(tunnel.mtu) txqueuelen \(Self.queueLength)",
        ]
        if entry.flatMap(Self.interface)?.addresses != [tunnel.inner] {
            steps.append("addr flush dev \(name)")
            let quiet = tunnel.inner.local.family == .ipv6 ? " nodad" : ""
            steps.append("addr add \(tunnel.inner.local) peer \(tunnel.inner.remote) dev \(name)\(quiet)")
        }
        steps.append("link set dev \(name) up")
        try tools.require(["ip", "-batch", "-"], input: steps.joined(separator: "\n") + "\n")
        return queues
    }

    /// Removes the device, and with it its addresses and routes.
    func remove(_ interface: String) throws(DataPlaneError) {
        let name = try Self.checked(interface)
        guard let entry = try entry(name) else { return }
        guard entry.isWarrens || entry.isUnfinished else { return }
        try tools.removing(["ip", "link", "delete", "dev", name])
    }

    /// `gif` and a number: nothing else may come near a command or a path.
    private static func checked(_ name: String) throws(DataPlaneError) -> String {
        let digits = name.utf8.dropFirst(3)
        guard name.hasPrefix("gif"), (1...12).contains(digits.count), digits.allSatisfy({ (48...57).contains($0) }) else {
            throw DataPlaneError(.invalid, "'\(name)' is not the name of a gif interface")
        }
        return name
    }

    private func openQueues(_ name: String, _ count: Int) throws(DataPlaneError) -> [OwnedDescriptor] {
        var queues = [Int32](repeating: -1, count: count)
        let opened = warren_tun_open_queues(name, tools.namespacePath, &queues, Int32(count))
        guard opened > 0 else { throw NetworkTools.refused("opening a queue of \(name)") }
        return queues.prefix(Int(opened)).map { OwnedDescriptor($0) }
    }

    /// A device of several queues has 256 as the kernel counts, each of which gets a queueing discipline when the device goes up:
    /// megabytes for each tunnel, in vain, for packets wait in the device's own queues. Where it can't be kept from that, they are
    /// spent.
    private func keepNoBacklog(_ name: String) throws(DataPlaneError) {
        _ = try tools.run(["tc", "qdisc", "replace", "dev", name, "root", "noqueue"])
    }

    /// No source check (packets of many networks arrive here), and no IPv6 chatter of its own: what enters a tunnel is only
    /// what the sites send. A kernel without IPv6 lacks those files.
    private func quieten(_ name: String) {
        for (setting, value) in [
            ("ipv4/conf/\(name)/rp_filter", "0"), ("ipv6/conf/\(name)/addr_gen_mode", "1"),
            ("ipv6/conf/\(name)/accept_ra", "0"), ("ipv6/conf/\(name)/router_solicitations", "0"),
        ] {
            _ = warren_write_in_network_namespace(tools.namespacePath, "/proc/sys/net/\(setting)", value)
        }
    }

    private func entry(_ name: String) throws(DataPlaneError) -> LinkEntry? {
        let outcome = try tools.run(["ip", "-j", "-d", "addr", "show", "dev", name])
        guard outcome.status == 0 else {
            if outcome.errors.contains("does not exist") { return nil }
            throw DataPlaneError(.refused, "ip addr show dev \(name): \(outcome.errors)")
        }
        return try decodeJSON([LinkEntry].self, outcome.output).first { $0.ifname == name }
    }

    private func listing() throws(DataPlaneError) -> [LinkEntry] {
        try decodeJSON([LinkEntry].self, try tools.require(["ip", "-j", "-d", "addr", "show"]))
    }

    private static func interface(_ entry: LinkEntry) -> KernelInterface? {
        guard entry.isWarrens, let name = entry.ifname, let alias = entry.ifalias,
            let peer = SiteName(String(alias.dropFirst(aliasPrefix.count)))
        else { return nil }
        let addresses = entry.globalAddresses.map { address in
            let local = address.local.flatMap { IPAddress($0) } ?? IPAddress(v4: 0)
            return AddressPair(local: local, remote: address.address.flatMap { IPAddress($0) } ?? local)
        }
        return KernelInterface(
            name: name, peer: peer, mtu: entry.mtu ?? 0, isUp: entry.flags?.contains("UP") ?? false, addresses: addresses)
    }

    /// The part of `ip -j -d addr show` that matters; entries of other namespaces' peers come empty.
    private struct LinkEntry: Decodable {
        struct Address: Decodable {
            let local: String?
            let address: String?
            let scope: String?
        }
        struct Kind: Decodable { let info_kind: String? }
        let ifname: String?
        let ifalias: String?
        let flags: [String]?
        let mtu: Int?
        let linkinfo: Kind?
        let addr_info: [Address]?

        var globalAddresses: [Address] { (addr_info ?? []).filter { $0.local != nil && $0.scope == "global" } }
        var isWarrens: Bool { ifalias?.hasPrefix(KernelInterfaces.aliasPrefix) ?? false }
        /// Made by an agent that ended before it could say whose: a TUN device, unnumbered, never up.
        var isUnfinished: Bool {
            linkinfo?.info_kind == "tun" && ifalias == nil && globalAddresses.isEmpty && !(flags ?? []).contains("UP")
        }
    }
}

/// A tool's JSON; what does not fit is the tool's fault, not the caller's.
func decodeJSON<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) throws(DataPlaneError) -> Value {
    do { return try JSONDecoder().decode(type, from: Data(bytes)) } catch {
        throw DataPlaneError(.refused, "unexpected output of a tool: \(error)")
    }
}

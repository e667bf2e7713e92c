import CWarrenSystem
import Foundation
import TunnelControl
import WarrenModel

/// Two gateways in network namespaces, joined by a wire, each with two outer addresses, a TUN device, and a `warren-tunneld`
/// of its own that negotiates its SAs. One of them may be behind a NAT. Needs root.
final class DaemonPair {
    final class Gateway {
        let namespace: String
        let client: TunnelControlClient
        private let process: Process
        private(set) var settings: GatewaySettings?

        init(_ index: Int, namespace: String, folder: URL, queues: Int = 1) throws {
            self.namespace = namespace
            let control = folder.appending(path: namespace).path
            let output = Pipe()
            process = Process()
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = [
                "ip", "netns", "exec", namespace, Self.program, "--control", control, "--log-level", "debug", "--queues",
                "\(queues)",
            ]
            process.standardOutput = output
            _ = FileManager.default.createFile(atPath: control + ".log", contents: nil)
            process.standardError = FileHandle(forWritingAtPath: control + ".log")
            try process.run()
            guard output.fileHandleForReading.availableData.starts(with: Array("ready".utf8)) else {
                throw CommandFailure(description: (try? String(contentsOfFile: control + ".log", encoding: .utf8)) ?? "no log")
            }
            client = try TunnelControlClient(path: control)
        }

        deinit {
            _ = try? client.call(.shutdown)
            process.waitUntilExit()
        }

        var path: String { "/var/run/netns/\(namespace)" }

        /// The programs lie beside the test bundle.
        private static var program: String {
            URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
                .appending(path: "warren-tunneld").path
        }

        /// What an agent does to get there, in its order: what is new comes before what is old goes.
        func apply(_ new: GatewaySettings, descriptor: Int32? = nil) throws {
            let old = settings
            for policy in new.policies where old?.policies.contains(policy) != true { try client.call(.addPolicy(policy)) }
            if new.tunnel != old?.tunnel {
                try run("ip", "-n", namespace, "link", "set", "gif0", "mtu", "\(new.tunnel.mtu)")
                try client.call(.attachTunnel(new.tunnel), descriptors: descriptor.map { [$0] } ?? [])
            }
            if new.peer != old?.peer {
                let keys = new.peer.acceptedKeys.map {
                    TunnelControl.TransferredKey($0, LinkSteps.key(epoch: $0.epoch))
                }
                try client.call(.setPeer(new.peer, keys: keys))
            }
            for policy in old?.policies ?? [] where !new.policies.contains(policy) { try client.call(.removePolicy(policy)) }
            settings = new
        }
    }

    let gateways: [Gateway]
    /// By which the NAT lets a gateway's IKE and ESP leave.
    static let natPorts = 40_000...40_999
    /// The namespace of the NAT.
    let nat: String?
    private let names: [String]
    private let folder: URL

    /// `hidden`: which gateway has an address of its own only behind the NAT, whose are its outer addresses.
    init(_ way: LinkWay, hidden: Int? = nil) throws {
        let tag = String(UInt32.random(in: 0 ... .max), radix: 36)
        names = ["wd1-\(tag)", "wd2-\(tag)"]
        nat = hidden.map { _ in "wd0-\(tag)" }
        folder = FileManager.default.temporaryDirectory.appending(path: "warren-\(tag)")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        for name in names { try run("ip", "netns", "add", name) }
        // By gateway, who has its outer addresses.
        var holders = names
        if let hidden, let nat {
            try Self.makeNAT(nat, before: names[hidden])
            holders[hidden] = nat
        }
        try run(
            "ip", "link", "add", "wire", "netns", holders[0], "type", "veth", "peer", "name", "wire", "netns", holders[1])
        for (name, outers) in zip(holders, LinkSteps.outers) {
            for address in outers { try run("ip", "-n", name, "address", "add", "\(address)/24", "dev", "wire") }
            try run("ip", "-n", name, "link", "set", "lo", "up")
            try run("ip", "-n", name, "link", "set", "wire", "up")
        }
        let folder = folder
        gateways = try names.enumerated().map { try Gateway($0, namespace: $1, folder: folder) }
        for (index, gateway) in gateways.enumerated() {
            let descriptor = warren_tun_open("gif0", gateway.path)
            guard descriptor >= 0 else { throw CommandFailure(description: "TUN: \(String(cString: strerror(errno)))") }
            defer { close(descriptor) }
            try run(
                "ip", "-n", gateway.namespace, "address", "add", "\(LinkSteps.inners[index])", "peer",
                "\(LinkSteps.inners[1 - index])", "dev", "gif0")
            // The kernel itself shall have nothing to say on it.
            let setting = "/proc/sys/net/ipv6/conf/gif0/disable_ipv6"
            guard warren_write_in_network_namespace(gateway.path, setting, "1") == 0 else {
                throw CommandFailure(description: "\(setting): \(String(cString: strerror(errno)))")
            }
            try run("ip", "-n", gateway.namespace, "link", "set", "gif0", "up")
            try gateway.apply(GatewaySettings(index, way, []), descriptor: descriptor)
        }
        try settle { try self.runs(way) }
    }

    deinit {
        for name in names + [nat].compactMap({ $0 }) { _ = try? run("ip", "netns", "delete", name) }
        try? FileManager.default.removeItem(at: folder)
    }

    /// A gateway's way to the world, by which it has another port of an address of the NAT for each flow, and nothing comes in that
    /// it has not begun.
    private static func makeNAT(_ name: String, before gateway: String) throws {
        try run("ip", "netns", "add", name)
        try run("ip", "link", "add", "inside", "netns", name, "type", "veth", "peer", "name", "wire", "netns", gateway)
        for (namespace, device, address) in [(name, "inside", "192.168.77.1/24"), (gateway, "wire", "192.168.77.2/24")] {
            try run("ip", "-n", namespace, "address", "add", address, "dev", device)
            try run("ip", "-n", namespace, "link", "set", device, "up")
        }
        try run("ip", "-n", gateway, "link", "set", "lo", "up")
        try run("ip", "-n", gateway, "route", "add", "default", "via", "192.168.77.1")
        try run("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv4.ip_forward=1")
        try setPorts(natPorts, ofNAT: name)
    }

    private static func setPorts(_ ports: ClosedRange<Int>, ofNAT name: String) throws {
        let rule = "oifname wire udp sport { 500, 4500 } masquerade to :\(ports.lowerBound)-\(ports.upperBound)"
        let chain = "chain leaving { type nat hook postrouting priority 100; \(rule); }"
        try run("ip", "netns", "exec", name, "nft", "table ip nat; delete table ip nat; table ip nat { \(chain); }")
    }

    /// The NAT forgets every flow, and gives those that begin then other ports.
    func forgetFlows(newPorts: ClosedRange<Int>) throws {
        guard let nat else { return }
        try Self.setPorts(newPorts, ofNAT: nat)
        // NETLINK_NETFILTER.
        let netlink = warren_in_network_namespace(
            "/var/run/netns/\(nat)", { _ in socket(AF_NETLINK, Int32(SOCK_RAW.rawValue), 12) }, nil)
        defer { close(netlink) }
        // struct nlmsghdr: length, IPCTNL_MSG_CT_DELETE of NFNL_SUBSYS_CTNETLINK, NLM_F_REQUEST and NLM_F_ACK, number, sender; then
        // struct nfgenmsg: of IPv4, and of no flow in particular.
        let request = (UInt32(20), UInt16(1 << 8 | 2), UInt16(1 | 4), UInt32(1), UInt32(0), UInt32(2).littleEndian)
        let sent = withUnsafeBytes(of: request) { write(netlink, $0.baseAddress, $0.count) }
        // The answer holds an error number, 0 for none, behind its header.
        var answer = [Int32](repeating: -1, count: 16)
        guard sent == 20, read(netlink, &answer, 64) >= 20, answer[4] == 0 else {
            throw CommandFailure(description: "the NAT's flows are not forgotten: \(answer[4])")
        }
    }

    /// Throws when the other gateway's inner address answers none of a few requests.
    func ping(from index: Int) throws {
        try run(
            "ip", "netns", "exec", gateways[index].namespace, "ping", "-n", "-c", "5", "-i", "0.2", "-W", "1",
            "\(LinkSteps.inners[1 - index])")
    }

    /// Whether each gateway has one SA in each direction, made in this way.
    func runs(_ way: LinkWay) throws -> Bool {
        for (index, gateway) in gateways.enumerated() {
            let observation = try gateway.client.observe()
            let outer = GatewaySettings(index, way, []).peer.outer
            guard observation.ike.first?.state == .established, observation.ike.first?.proposal == way.ike,
                observation.securityAssociations.map(\.direction.rawValue).sorted() == ["in", "out"],
                observation.securityAssociations.allSatisfy({
                    $0.mode == way.mode && $0.encryption == way.child.encryption && $0.outer == outer
                })
            else { return false }
        }
        return true
    }

    /// Looks until it is so, for at most 20 seconds.
    func settle(_ condition: () throws -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while try !condition() {
            guard ContinuousClock.now < deadline else {
                let seen = try gateways.map { try "\($0.client.observe().securityAssociations) \($0.client.observe().ike)" }
                throw CommandFailure(description: "not so in 20 s: \(seen)")
            }
            usleep(20_000)
        }
    }

    /// Numbered datagrams each way.
    func streams() throws -> [NumberedStream] {
        try [0, 1].map {
            try NumberedStream(
                from: gateways[$0].path, LinkSteps.inners[$0], to: gateways[1 - $0].path, LinkSteps.inners[1 - $0])
        }
    }
}

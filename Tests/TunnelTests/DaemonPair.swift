import CWarrenSystem
import Foundation
import TunnelControl
import WarrenModel

/// Two gateways in network namespaces, joined by a wire, each with two outer addresses, a TUN device, and a `warren-tunneld`
/// of its own that negotiates its SAs. Needs root.
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
    private let names: [String]
    private let folder: URL

    init(_ way: LinkWay) throws {
        let tag = String(UInt32.random(in: 0 ... .max), radix: 36)
        names = ["wd1-\(tag)", "wd2-\(tag)"]
        folder = FileManager.default.temporaryDirectory.appending(path: "warren-\(tag)")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        for name in names { try run("ip", "netns", "add", name) }
        try run(
            "ip", "link", "add", "wire", "netns", names[0], "type", "veth", "peer", "name", "wire", "netns", names[1])
        var made: [Gateway] = []
        for (index, name) in names.enumerated() {
            for address in LinkSteps.outers[index] {
                try run("ip", "-n", name, "address", "add", "\(address)/24", "dev", "wire")
            }
            try run("ip", "-n", name, "link", "set", "lo", "up")
            try run("ip", "-n", name, "link", "set", "wire", "up")
            made.append(try Gateway(index, namespace: name, folder: folder))
        }
        gateways = made
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
        for name in names { _ = try? run("ip", "netns", "delete", name) }
        try? FileManager.default.removeItem(at: folder)
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

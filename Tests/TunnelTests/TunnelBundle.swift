import CWarrenSystem
import Foundation
import TunnelControl
import WarrenModel

/// Two gateways in network namespaces, joined by a wire and by many tunnels, each with a `warren-tunneld` of its own. Needs
/// root.
final class TunnelBundle {
    /// One tunnel as one gateway has it.
    struct End {
        let peer: SiteName
        let interface: String
        let outer: AddressPair
        let inner: AddressPair
    }

    let gateways: [DaemonPair.Gateway]
    /// By gateway, then by tunnel.
    let ends: [[End]]
    /// How many child SAs each tunnel has: as many as the gateway with fewer queues has of these.
    let childSAs: Int
    private let names: [String]
    private let folder: URL

    /// `prepare` is given the names of the namespaces, before there is anything in them.
    init(
        tunnels count: Int, queues: [Int] = [1, 1], deviceQueues: Int? = nil, parameters: IPsecParameters = .init(),
        preparing prepare: ([String]) throws -> Void = { _ in }
    ) throws {
        childSAs = queues.min() ?? 1
        let tag = String(UInt32.random(in: 0 ... .max), radix: 36)
        let names = ["wb1-\(tag)", "wb2-\(tag)"]
        self.names = names
        folder = FileManager.default.temporaryDirectory.appending(path: "warren-\(tag)")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        for name in names { try run("ip", "netns", "add", name) }
        try prepare(names)
        try run("ip", "link", "add", "wire", "netns", names[0], "type", "veth", "peer", "name", "wire", "netns", names[1])
        ends = (0...1).map { here in
            (0..<count).map { tunnel in
                func pair(_ network: UInt32) -> AddressPair {
                    let addresses = [0, 1].map { IPAddress(v4: network + $0 << 8 + UInt32(tunnel) + 1) }
                    return AddressPair(local: addresses[here], remote: addresses[1 - here])
                }
                return End(
                    peer: SiteName(here == 0 ? "right\(tunnel)" : "left\(tunnel)")!, interface: "gif\(tunnel)",
                    outer: pair(0x0a63_0000), inner: pair(0xc0a8_0000))
            }
        }
        var made: [DaemonPair.Gateway] = []
        for (index, name) in names.enumerated() {
            for end in ends[index] { try run("ip", "-n", name, "address", "add", "\(end.outer.local)/16", "dev", "wire") }
            try run("ip", "-n", name, "link", "set", "lo", "up")
            // So that a capture on the wire sees every packet by itself.
            try run("ip", "-n", name, "link", "set", "wire", "gso_max_segs", "1", "up")
            made.append(try DaemonPair.Gateway(index, namespace: name, folder: folder, queues: queues[index]))
        }
        gateways = made
        for (index, gateway) in gateways.enumerated() {
            for (number, end) in ends[index].enumerated() {
                try Self.configure(
                    gateway, end, number, parameters, initiates: index == 0, queues: deviceQueues ?? queues[index])
            }
        }
        try settle { try self.outbound().allSatisfy { $0.count == count } }
    }

    deinit {
        for name in names { _ = try? run("ip", "netns", "delete", name) }
        try? FileManager.default.removeItem(at: folder)
    }

    private static func configure(
        _ gateway: DaemonPair.Gateway, _ end: End, _ number: Int, _ parameters: IPsecParameters, initiates: Bool,
        queues: Int
    ) throws {
        var descriptors = [Int32](repeating: -1, count: queues)
        guard warren_tun_open_queues(end.interface, gateway.path, &descriptors, Int32(queues)) == queues else {
            throw CommandFailure(description: "TUN: \(String(cString: strerror(errno)))")
        }
        defer { for descriptor in descriptors { close(descriptor) } }
        let name = gateway.namespace
        try run("ip", "-n", name, "address", "add", "\(end.inner.local)", "peer", "\(end.inner.remote)", "dev", end.interface)
        // The kernel itself shall have nothing to say on it, and a queue that bears a moment without the daemon.
        let setting = "/proc/sys/net/ipv6/conf/\(end.interface)/disable_ipv6"
        guard warren_write_in_network_namespace(gateway.path, setting, "1") == 0 else {
            throw CommandFailure(description: "\(setting): \(String(cString: strerror(errno)))")
        }
        try run("ip", "-n", name, "link", "set", end.interface, "txqueuelen", "10000", "mtu", "1400", "up")
        let selector = TrafficSelector(
            source: .init(host: end.outer.local), destination: .init(host: end.outer.remote), ipProtocol: .ipencap)
        for (direction, selector) in [(SecurityPolicy.Direction.outbound, selector), (.inbound, selector.reversed)] {
            try gateway.client.call(
                .addPolicy(SecurityPolicy(peer: end.peer, direction: direction, selector: selector, mode: .tunnel)))
        }
        try gateway.client.call(
            .attachTunnel(
                GIFTunnel(
                    peer: end.peer, interface: end.interface, outer: end.outer, inner: end.inner, mtu: 1400, mode: .tunnel)),
            descriptors: descriptors)
        guard let link = LinkID(SiteName("left\(number)")!, SiteName("right\(number)")!) else { return }
        let reference = PSKReference(link: link, epoch: 1)
        try gateway.client.call(
            .setPeer(
                IKEPeer(
                    peer: end.peer, outer: end.outer, initiator: initiates, parameters: parameters,
                    selectors: [selector], key: reference),
                keys: [.init(reference, LinkSteps.key(epoch: UInt32(number) + 1))]))
    }

    /// The SPIs that each tunnel sends on, by gateway; a tunnel that has more or fewer than it shall have is absent.
    func outbound() throws -> [[SiteName: Set<SPI>]] {
        try gateways.map { gateway in
            let observation = try gateway.client.observe()
            return Dictionary(grouping: observation.securityAssociations.filter { $0.direction == .outbound }, by: \.peer)
                .compactMapValues { $0.count == childSAs ? Set($0.map(\.spi)) : nil }
        }
    }

    /// Every tunnel's child SAs are replaced, asked for by one gateway; returns when all are.
    func rekey(by index: Int) throws {
        let before = try outbound()
        func ask() throws { for end in ends[index] { try gateways[index].client.call(.rekey(end.peer, .child)) } }
        try ask()
        try settle {
            let now = try self.outbound()
            return [0, 1].allSatisfy { gateway in
                self.ends[gateway].allSatisfy { end in
                    now[gateway][end.peer]?.isDisjoint(with: before[gateway][end.peer] ?? []) ?? false
                }
            }
        }
    }

    /// Waits until the one tunnel has sent on so many SAs one after another.
    func awaitRekeys(_ count: Int) throws {
        var seen: Set<SPI> = []
        try settle {
            if let spis = try self.outbound()[0].values.first { seen.formUnion(spis) }
            return seen.count > count
        }
    }

    /// Returns when so many of each gateway's outbound SAs have carried packets.
    func awaitPackets(onAtLeast count: Int) throws {
        try settle {
            try self.gateways.allSatisfy { gateway in
                try gateway.client.observe().securityAssociations.count { $0.direction == .outbound && $0.bytes > 0 } >= count
            }
        }
    }

    /// How many queues of a tunnel's device the kernel gives flows to, by gateway.
    func openQueues(of tunnel: Int = 0) throws -> [Int] {
        try zip(gateways, ends).map { gateway, ends in
            let folder = "/sys/class/net/\(ends[tunnel].interface)/queues"
            return try run("ip", "netns", "exec", gateway.namespace, "ls", folder).split(separator: "\n")
                .count { $0.hasPrefix("tx-") }
        }
    }

    /// Waits until each tunnel's queues carry flows as far as there are SAs for them.
    func awaitQueues() throws {
        try settle {
            try self.ends[0].indices.allSatisfy { try self.openQueues(of: $0) == [self.childSAs, self.childSAs] }
        }
    }

    private func settle(_ condition: () throws -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while try !condition() {
            guard ContinuousClock.now < deadline else { throw CommandFailure(description: "not so in 30 s: \(try outbound())") }
            usleep(5000)
        }
    }
}

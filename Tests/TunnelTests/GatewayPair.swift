import CWarrenSystem
import ESP
import Foundation
import Tunnel
import WarrenModel

struct CommandFailure: Error, CustomStringConvertible {
    let description: String
}

/// Runs a program to its end; throws with its output unless it succeeds.
@discardableResult
func run(_ arguments: [String]) throws -> String {
    let process = Process(), output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = arguments
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
        throw CommandFailure(description: arguments.joined(separator: " ") + ": " + text)
    }
    return text
}

@discardableResult
func run(_ arguments: String...) throws -> String { try run(arguments) }

/// How the link of a `GatewayPair` is made.
struct LinkShape: Sendable, CustomStringConvertible {
    var family = AddressFamily.ipv4
    var mode = IPsecMode.tunnel
    var udpEncapsulation = true
    var encryption = EncryptionAlgorithm.aes256gcm16
    var extendedSequenceNumbers = true
    var wireMTU = 1500
    var tunnelMTU = 1400
    /// A router stands on the wire, and what is behind it takes so much (IPv4 only).
    var routerMTU: Int?
    var description: String {
        "\(mode) over \(udpEncapsulation ? "UDP of " : "")\(family), \(encryption), esn \(extendedSequenceNumbers), MTU \(wireMTU)"
            + (routerMTU.map { ", \($0) behind a router" } ?? "")
    }
}

/// Two gateways in network namespaces of their own, joined by a wire, each with a TUN device and a packet worker whose SAs
/// were put in by hand. Needs root: making one throws where it cannot be made.
final class GatewayPair: @unchecked Sendable {
    struct Gateway {
        let site: SiteName
        let namespace: String
        let outer: IPAddress
        let inner: IPAddress
        let innerIPv6: IPAddress
        let sockets: PacketSockets
        let worker: PacketWorker
        var path: String { "/var/run/netns/\(namespace)" }
        var wire: String { "wire" }
    }

    let shape: LinkShape
    private var router: String?
    private(set) var first: Gateway
    private(set) var second: Gateway

    init(_ shape: LinkShape, installingAssociations: Bool = true) throws {
        self.shape = shape
        let tag = String(UInt32.random(in: 0 ... .max), radix: 36)
        let names = ["wt1-\(tag)", "wt2-\(tag)"]
        for name in names { try run("ip", "netns", "add", name) }
        if let mtu = shape.routerMTU {
            router = "wt0-\(tag)"
            try Self.makeRouter("wt0-\(tag)", between: names, mtu: mtu)
        } else {
            try run("ip", "link", "add", "wire", "netns", names[0], "type", "veth", "peer", "name", "wire", "netns", names[1])
        }
        first = try Self.gateway(1, names[0], shape)
        second = try Self.gateway(2, names[1], shape)
        for (here, there) in [(first, second), (second, first)] {
            let tunnel = GIFTunnel(
                peer: there.site, interface: "gif0", outer: .init(local: here.outer, remote: there.outer),
                inner: .init(local: here.inner, remote: there.inner), mtu: shape.tunnelMTU, mode: shape.mode)
            try attachDevice(here, tunnel)
            for ipProtocol in [IPProtocol.ipencap, .ipv6] {
                let out = TrafficSelector(
                    source: .init(host: here.outer), destination: .init(host: there.outer), ipProtocol: ipProtocol)
                here.worker.addPolicy(.init(peer: there.site, direction: .outbound, selector: out, mode: shape.mode))
                here.worker.addPolicy(.init(peer: there.site, direction: .inbound, selector: out.reversed, mode: shape.mode))
            }
        }
        if installingAssociations { installAssociations(generation: 1) }
        for gateway in [first, second] { try gateway.worker.start() }
    }

    deinit {
        for gateway in [first, second] {
            gateway.worker.stop()
            let sockets = gateway.sockets
            for descriptor in [sockets.udp4, sockets.udp6, sockets.esp4, sockets.esp6] { descriptor.map { _ = close($0) } }
            _ = try? run("ip", "netns", "delete", gateway.namespace)
        }
        if let router { _ = try? run("ip", "netns", "delete", router) }
    }

    /// It answers for the far end's address on either side, so that the gateways need not know of it.
    private static func makeRouter(_ name: String, between names: [String], mtu: Int) throws {
        try run("ip", "netns", "add", name)
        for (index, other) in names.enumerated() {
            let side = "side\(index)"
            try run("ip", "link", "add", side, "netns", name, "type", "veth", "peer", "name", "wire", "netns", other)
            try run("ip", "-n", name, "link", "set", side, "mtu", index == 0 ? "1500" : "\(mtu)", "up")
            try run("ip", "-n", name, "route", "add", "\(IPAddress(v4: 0x0a63_0001 + UInt32(index)))/32", "dev", side)
            let setting = "/proc/sys/net/ipv4/conf/\(side)/proxy_arp"
            guard warren_write_in_network_namespace("/var/run/netns/\(name)", setting, "1") == 0 else {
                throw CommandFailure(description: "\(setting): \(String(cString: strerror(errno)))")
            }
        }
        try run("ip", "-n", name, "address", "add", "10.99.255.1/32", "dev", "lo")
        try run("ip", "-n", name, "link", "set", "lo", "up")
        try run("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv4.ip_forward=1")
    }

    /// Makes the TUN device of one gateway and hands its queue to the worker.
    func attachDevice(_ gateway: Gateway, _ tunnel: GIFTunnel) throws {
        let descriptor = warren_tun_open("gif0", gateway.path)
        guard descriptor >= 0 else { throw CommandFailure(description: "TUNSETIFF: \(String(cString: strerror(errno)))") }
        let peer = gateway.site == first.site ? second : first
        try run("ip", "-n", gateway.namespace, "link", "set", "gif0", "mtu", "\(shape.tunnelMTU)", "up")
        try run(["ip", "-n", gateway.namespace, "address", "add", "\(gateway.inner)", "peer", "\(peer.inner)", "dev", "gif0"])
        try run([
            "ip", "-n", gateway.namespace, "address", "add", "\(gateway.innerIPv6)", "peer", "\(peer.innerIPv6)", "dev", "gif0",
            "nodad",
        ])
        try gateway.worker.attach(tunnel, descriptor: descriptor)
    }

    /// A child SA in each direction, keyed by the generation.
    func installAssociations(generation: UInt8) {
        for (from, to) in [(first, second), (second, first)] {
            to.worker.addInbound(association(from: from, to: to, direction: .inbound, generation: generation))
            from.worker.addOutbound(association(from: from, to: to, direction: .outbound, generation: generation))
        }
    }

    func association(
        from: Gateway, to: Gateway, direction: SecurityPolicy.Direction, generation: UInt8
    ) -> SecurityAssociation {
        let inbound = direction == .inbound
        let (here, there) = inbound ? (to, from) : (from, to)
        let material =
            [UInt8](repeating: from.site == first.site ? 1 : 2, count: shape.encryption.keyingMaterialLength - 1) + [generation]
        return SecurityAssociation(
            peer: there.site, direction: direction,
            spi: SPI(rawValue: 0x1000 * UInt32(generation) + (from.site == first.site ? 1 : 2)),
            encryption: shape.encryption, keyingMaterial: SecretBytes(material),
            extendedSequenceNumbers: shape.extendedSequenceNumbers, mode: shape.mode,
            local: Endpoint(address: here.outer, port: 4500), remote: Endpoint(address: there.outer, port: 4500),
            udpEncapsulation: shape.udpEncapsulation,
            selectors: [IPProtocol.ipencap, .ipv6].map {
                .init(source: .init(host: from.outer), destination: .init(host: to.outer), ipProtocol: $0)
            })
    }

    private static func gateway(_ number: UInt32, _ namespace: String, _ shape: LinkShape) throws -> Gateway {
        let outer4 = IPAddress(v4: 0x0a63_0000 + number)
        let outer6 = IPAddress(v6: 0xfd99 << 112 | UInt128(number))
        for (address, more) in [("\(outer4)/24", []), ("\(outer6)/64", ["nodad"])] {
            try run(["ip", "-n", namespace, "address", "add", address, "dev", "wire"] + more)
        }
        try run("ip", "-n", namespace, "link", "set", "lo", "up")
        try run(
            "ip", "-n", namespace, "link", "set", "wire", "mtu",
            "\(number == 2 ? shape.routerMTU ?? shape.wireMTU : shape.wireMTU)", "up")
        let path = "/var/run/netns/\(namespace)"
        let sockets = PacketSockets(
            udp4: warren_in_network_namespace(path, { _ in warren_datagram_socket(AF_INET, 4500) }, nil),
            udp6: warren_in_network_namespace(path, { _ in warren_datagram_socket(AF_INET6, 4500) }, nil),
            esp4: warren_in_network_namespace(path, { _ in warren_esp_socket(AF_INET) }, nil),
            esp6: warren_in_network_namespace(path, { _ in warren_esp_socket(AF_INET6) }, nil))
        guard [sockets.udp4, sockets.udp6, sockets.esp4, sockets.esp6].allSatisfy({ $0 ?? -1 >= 0 }) else {
            throw CommandFailure(description: "a socket: \(String(cString: strerror(errno)))")
        }
        return Gateway(
            site: SiteName(number == 1 ? "alpha" : "beta")!, namespace: namespace,
            outer: shape.family == .ipv4 ? outer4 : outer6, inner: IPAddress(v4: 0xc0a8_0001 + number << 8),
            innerIPv6: IPAddress(v6: 0xfd00 << 112 | UInt128(number)), sockets: sockets,
            worker: try PacketWorker(sockets))
    }
}

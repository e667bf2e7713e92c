import Foundation
import Testing
import WarrenRender

/// A real charon takes the configuration, and acts on it.
@Suite struct CharonTests {
    /// A charon inside a namespace that loaded a rendered configuration.
    private final class Charon {
        let namespace: Namespace
        private let process: Process
        private let output: FileHandle
        private var unread = ""

        /// Starts it; the daemon itself runs `swanctl --load-all` once it is ready, and what that says comes first.
        init(_ sample: String, _ site: String, _ target: RenderTarget, in namespace: Namespace) throws {
            self.namespace = namespace
            let connections = try namespace.write(
                Rendering.file("swanctl.conf", sample, site, target), "swanctl.conf")
            let own = try namespace.write(Rendering.file("strongswan.conf", sample, site, target), "rendered.conf")
            let socket = "unix://" + namespace.folder.appending(path: "vici").path
            let script = try namespace.write(
                "swanctl --load-all --uri \(socket) --file \(connections) 2>&1; echo load-all ended with $?\n", "load.sh")
            let settings = try namespace.write(
                """
                include \(own)
                charon-systemd {
                    load = random nonce openssl aes sha1 sha2 hmac gcm curve25519 kdf kernel-netlink socket-default vici
                    journal { default = -1 }
                    filelog { stderr { default = 1
                        flush_line = yes } }
                    start-scripts { load = sh \(script) }
                    plugins { vici { socket = \(socket) } }
                }
                """, "strongswan.conf")
            let (process, output) = namespace.prepare(["charon-systemd"], environment: ["STRONGSWAN_CONF": settings])
            self.process = process
            self.output = output.fileHandleForReading
            try process.run()
            try? output.fileHandleForWriting.close()
        }

        deinit {
            namespace.endProcesses()
            process.waitUntilExit()
        }

        /// Everything it says up to `text`; fails when it ends before.
        func log(until text: String) throws -> String {
            while true {
                if let range = unread.range(of: text) {
                    let read = String(unread[..<range.upperBound])
                    unread.removeSubrange(..<range.upperBound)
                    return read
                }
                let data = output.availableData
                try #require(!data.isEmpty, "charon ended and never said '\(text)': \(unread)")
                unread += String(decoding: data, as: UTF8.self)
            }
        }
    }

    @Test(arguments: Rendering.gateways, [RenderTarget.linux, .freebsdWithStrongSwan])
    func loadsEveryConnection(gateway: (sample: String, site: String), target: RenderTarget) throws {
        let (plan, _) = try Rendering.plan(gateway.sample, gateway.site, target)
        let charon = try Charon(gateway.sample, gateway.site, target, in: Namespace())
        let log = try charon.log(until: "load-all ended with ")
        #expect(log.contains("successfully loaded \(plan.tunnels.count) connections, 0 unloaded"), "\(log)")
        for tunnel in plan.tunnels {
            #expect(log.contains("loaded connection 'to-\(tunnel.peer)'"))
            #expect(log.contains("loaded ike secret 'ike-\(tunnel.peer)'"))
            #expect(log.contains("installing '\(tunnel.interface)'"))
        }
        #expect(try charon.log(until: "\n").contains("0"))
    }

    /// The kernel asks for an SA by the policy of the batch, which charon did not add, and charon negotiates with that peer:
    /// what was rendered for the other end, of the other system, proves to have the same key.
    @Test func packetsForATunnelStartTheLink() throws {
        let first = try Namespace(), second = try Namespace()
        try first.run(required: [
            "ip", "link", "add", "outside", "type", "veth", "peer", "name", "outside", "netns", second.name,
        ])
        for (namespace, address) in [(first, "203.0.113.10/32"), (second, "198.51.100.20/32")] {
            for command in ["addr add \(address) dev outside", "link set outside up", "route add default dev outside"] {
                try namespace.run(required: ["ip"] + command.split(separator: " ").map(String.init))
            }
        }
        let policies = try first.write(Rendering.file("xfrm.batch", "handbook", "first", .linux), "xfrm.batch")
        try first.run(required: ["ip", "-batch", policies])
        let initiator = try Charon("handbook", "first", .linux, in: first)
        let responder = try Charon("handbook", "second", .freebsdWithStrongSwan, in: second)
        for charon in [initiator, responder] { _ = try charon.log(until: "load-all ended with 0") }
        let held = try first.run(["ip", "xfrm", "policy"]).output
        #expect(held.components(separatedBy: "tmpl src").count - 1 == 3, "charon added a policy: \(held)")

        // An IPv4 packet in another, as the tunnel's device would send it. The kernel refuses it until there is an SA.
        let packet = try first.run([
            "python3", "-c",
            """
            import errno, socket
            s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 4)
            s.bind(("203.0.113.10", 0))
            try: s.sendto(b"E" + bytes(39), ("198.51.100.20", 0))
            except OSError as error: print(errno.errorcode[error.errno])
            """,
        ])
        #expect(packet.status == 0, "\(packet.output)")
        let log = try initiator.log(until: "initiating IKE_SA to-second[1] to 198.51.100.20")
        #expect(log.contains("203.0.113.10/32[ipencap] === 198.51.100.20/32[ipencap] with reqid {1000002}"), "\(log)")
        let agreed = "established between 203.0.113.10[203.0.113.10]...198.51.100.20[198.51.100.20]"
        _ = try initiator.log(until: "IKE_SA to-second[1] \(agreed)")
        _ = try responder.log(until: "IKE_SA to-first[1] established between 198.51.100.20[198.51.100.20]")
    }
}

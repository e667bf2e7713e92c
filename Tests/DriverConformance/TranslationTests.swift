import AgentCore
import DataPlane
import EmbeddedDataPlane
import Foundation
import Testing
import WarrenModel
import WarrenPlan

/// Sites that own the same networks, and reach each other under other addresses: real packets through real tunnels.
@Suite struct TranslationTests {
    @Test func twoSitesWithTheSameNetworks() async throws {
        try await TranslatedSite.with(2) { sites in
            let (west, east) = (sites[0], sites[1])
            try await west.adopt(west.plan([(east, [east])]))
            try await east.adopt(east.plan([(west, [west])]))
            try await west.awaitPing(east.visibleHost)
            for (here, there) in [(west, east), (east, west)] {
                try here.ping(there.visibleHost)
                try here.ping(there.visibleHost6)
                // The gateway's own: what probes use, and what a service on it would answer from.
                try here.ping("\(there.visibleInner)")
                try here.gateway.inside("ping", "-n", "-c", "1", "-W", "1", "\(there.visibleInner)")
                try here.gateway.inside("ping", "-n", "-c", "1", "-W", "1", "-I", "192.168.1.1", there.visibleHost)
                try here.gateway.inside("ping", "-n", "-c", "1", "-W", "1", "-I", "172.20.\(here.number).1", there.ownHost)
                // The second network is itself on both ways; each network reaches each.
                try here.ping(there.ownHost, from: here.ownHost)
                try here.ping(there.visibleHost, from: here.ownHost)
                try here.ping(there.ownHost, from: "192.168.1.10")
                // At home nothing changes; under its visible name the network is not there.
                try here.ping("192.168.1.1")
                #expect(throws: ProgramFailure.self) { try here.ping(here.visibleHost) }
                for (target, source) in [(there.visibleHost, here.visibleHost), (there.ownHost, here.visibleHost)] {
                    #expect(try exchange(from: here, to: there, at: target) == "\(source)")
                }
                #expect(try exchange(from: here, to: there, at: there.visibleHost6) == here.visibleHost6)
            }
        }
    }

    /// What a host hears of its own datagrams names them as it sent them, whichever gateway or host says it.
    @Test func errorsComeBackUnderTheAddressesThatWereUsed() async throws {
        try await TranslatedSite.with(2) { sites in
            let (west, east) = (sites[0], sites[1])
            try await west.adopt(west.plan([(east, [east])]))
            try await east.adopt(east.plan([(west, [west])]))
            try await west.awaitPing(east.visibleHost)
            let refused = """
                import socket, sys
                s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
                s.settimeout(2)
                s.connect((sys.argv[1], 9))
                s.send(b"x")
                try: s.recv(1)
                except ConnectionRefusedError: print("refused")
                """
            for target in [east.visibleHost, east.visibleHost6] {
                #expect(try west.onHost("python3", "-c", refused, target) == "refused\n")
            }
            // The tunnel's MTU: the host learns it from its gateway, for the address that it sent to.
            let whole = Link.mtu - 28
            #expect(throws: ProgramFailure.self) {
                try west.onHost("ping", "-n", "-c", "1", "-W", "1", "-M", "do", "-s", "\(whole + 1)", east.visibleHost)
            }
            #expect(try west.onHost("ip", "route", "get", east.visibleHost).contains("mtu \(Link.mtu)"))
            try west.onHost("ping", "-n", "-c", "1", "-W", "1", "-M", "do", "-s", "\(whole)", east.visibleHost)
            // A gateway on the way speaks for the address that was asked for: whichever it is, a visible one.
            let expired = #expect(throws: ProgramFailure.self) {
                try west.onHost("ping", "-n", "-c", "1", "-W", "1", "-t", "2", east.visibleHost)
            }
            let told = "From \(east.visibleHost) icmp_seq=1 Time to live exceeded"
            #expect(expired?.description.contains(told) == true, "\(expired?.description ?? "")")
        }
    }

    @Test func throughAHub() async throws {
        try await TranslatedSite.with(3) { sites in
            let (one, two, hub) = (sites[0], sites[1], sites[2])
            try await one.adopt(one.plan([(hub, [two, hub])]))
            try await two.adopt(two.plan([(hub, [one, hub])]))
            try await hub.adopt(hub.plan([(one, [one]), (two, [two])]))
            try await one.awaitPing(two.visibleHost)
            for (here, there) in [(one, two), (two, one), (one, hub), (hub, two)] {
                try here.ping(there.visibleHost)
                try here.ping(there.visibleHost6)
                #expect(try exchange(from: here, to: there, at: there.visibleHost) == here.visibleHost)
            }
        }
    }

    /// No packet enters a tunnel under a real address, and none takes another way under a visible one.
    @Test func whatIsNotTranslatedGoesNowhere() async throws {
        try await TranslatedSite.with(2) { sites in
            let (west, east) = (sites[0], sites[1])
            let plan = try west.plan([(east, [east])])
            try await west.adopt(plan)
            try await east.adopt(east.plan([(west, [west])]))
            try await west.awaitPing(east.visibleHost)
            try east.gateway.inside(
                "nft",
                "add table inet seen; add chain inet seen c { type filter hook prerouting priority -310; };"
                    + "add rule inet seen c iifname gif1 ip saddr 192.168.1.0/24 counter")
            // Every rule that translates is gone: what guards still stands.
            try west.gateway.inside("nft", "flush chain inet warren_translation outward")
            #expect(throws: ProgramFailure.self) { try west.ping(east.visibleHost) }
            try west.gateway.inside("nft", "flush chain inet warren_translation inward")
            #expect(throws: ProgramFailure.self) { try east.ping(west.visibleHost) }
            #expect(try east.gateway.inside("nft", "list", "table", "inet", "seen").contains("packets 0 "))

            #expect(try await west.driver.observe().translations != plan.translations)
            try await west.adopt(plan)
            try west.ping(east.visibleHost)
            try east.ping(west.visibleHost)
        }
    }

    /// The same ports and addresses before and after: conntrack has an entry of the old translation, which must not decide.
    @Test func establishedFlowsFollowAChange() async throws {
        try await TranslatedSite.with(2) { sites in
            let (west, east) = (sites[0], sites[1])
            var plan = try west.plan([(east, [east])])
            try await west.adopt(plan)
            try await east.adopt(east.plan([(west, [west])]))
            try await west.awaitPing(east.visibleHost)
            #expect(try datagram(from: west, to: east) == west.visibleHost)

            let other = try #require(NetworkTranslation(network: prefix("192.168.1.0/24"), visible: prefix("10.209.1.0/24")))
            plan.translations[0] = other
            let operations = reconcile(
                desired: DesiredState(mesh: "m", version: .init(generation: .init(rawValue: 2)), plan: plan, keys: [:]),
                observed: try await west.driver.observe())
            #expect(operations == [.setTranslations(plan.translations)])
            for operation in operations { try await west.driver.perform(operation, keys: [:]) }
            let back = Route(destination: other.visible, via: west.visibleInner, interface: "gif1")
            try await east.driver.perform(.addRoute(back), keys: [:])
            #expect(try datagram(from: west, to: east) == "10.209.1.10")
            #expect(try await west.driver.observe().translations == plan.translations)
        }
    }

    /// A TCP connection from host to host; returns the client's address as the server saw it.
    private func exchange(from client: TranslatedSite, to server: TranslatedSite, at target: String) throws -> String {
        let family = target.contains(":") ? "6" : ""
        let serve = """
            import socket, subprocess, sys
            s = socket.create_server(("\(family.isEmpty ? "0.0.0.0" : "::")", 0), family=socket.AF_INET\(family))
            s.settimeout(5)
            client = subprocess.Popen(["ip", "netns", "exec", "\(client.hostNamespace)", "python3", "-c", sys.argv[1],
                str(s.getsockname()[1])])
            c, seen = s.accept()
            c.settimeout(5)
            assert c.recv(5) == b"hello"
            c.sendall(b"world")
            assert c.recv(1) == b""
            assert client.wait(5) == 0
            print(seen[0])
            """
        let call = """
            import socket, sys
            s = socket.socket(socket.AF_INET\(family))
            s.settimeout(5)
            s.connect(("\(target)", int(sys.argv[1])))
            s.sendall(b"hello")
            assert s.recv(5) == b"world"
            """
        return try server.onHost("python3", "-c", serve, call).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// A datagram from host to host and its answer, always from port 7000 to port 7001; returns the sender's address as the
    /// receiver saw it.
    private func datagram(from client: TranslatedSite, to server: TranslatedSite) throws -> String {
        let serve = """
            import socket, subprocess, sys
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.settimeout(5)
            s.bind(("", 7001))
            client = subprocess.Popen(["ip", "netns", "exec", "\(client.hostNamespace)", "python3", "-c", sys.argv[1]])
            data, seen = s.recvfrom(9)
            s.sendto(data, seen)
            assert client.wait(5) == 0
            print(seen[0])
            """
        let call = """
            import socket
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.settimeout(5)
            s.bind(("", 7000))
            s.connect(("\(server.visibleHost)", 7001))
            s.send(b"hello")
            assert s.recv(9) == b"hello"
            """
        return try server.onHost("python3", "-c", serve, call).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

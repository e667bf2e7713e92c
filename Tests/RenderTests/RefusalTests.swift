import Testing
import WarrenModel
import WarrenPlan
import WarrenRender

/// What a plan might say that would mean something else in a file.
@Suite struct RefusalTests {
    @Test(arguments: ["gif2;reboot", "gif2\" ", "gif", "gif-1", "gif02", "gif1000000", "gif٢", "gif2\n", "tun2", ""])
    func interfaces(name: String) throws {
        for (target, _) in Rendering.targets {
            var (plan, mesh) = try Rendering.plan("handbook", "first", target)
            let tunnel = plan.tunnels[0]
            plan.tunnels[0] = GIFTunnel(
                peer: tunnel.peer, interface: name, outer: tunnel.outer, inner: tunnel.inner, mtu: 1400, mode: .tunnel)
            plan.routes = plan.routes.map { Route(destination: $0.destination, via: $0.via, interface: name) }
            #expect(throws: RenderError.self) {
                try Render.files(of: plan, mesh: mesh, for: target) { _ in Rendering.noKey }
            }
        }
    }

    @Test(arguments: ["gif2\" accept; #", "gif2; reboot", "$(reboot)", "`reboot`", "gif2\nadd", "gif2  x", ""])
    func interfacesOfFirewallRules(name: String) throws {
        for (target, _) in Rendering.targets {
            var (plan, mesh) = try Rendering.plan("handbook", "first", target)
            plan.firewall.append(FirewallRule(action: .allow, direction: .inbound, ipProtocol: .any, interface: name))
            #expect(throws: RenderError.self) {
                try Render.files(of: plan, mesh: mesh, for: target) { _ in Rendering.noKey }
            }
        }
    }

    @Test func partsThatDoNotFit() throws {
        for (target, _) in Rendering.targets {
            let (plan, mesh) = try Rendering.plan("five-sites", "berlin", target)
            var withoutIKE = plan, withoutPolicies = plan, strayRoute = plan
            withoutIKE.ike.removeLast()
            withoutPolicies.policies.removeAll()
            strayRoute.routes.append(Route(destination: plan.routes[0].destination, via: nil, interface: "gif77"))
            for broken in [withoutIKE, withoutPolicies, strayRoute] {
                #expect(throws: RenderError.self) {
                    try Render.files(of: broken, mesh: mesh, for: target) { _ in Rendering.noKey }
                }
            }
            var alone = plan
            alone.tunnels.removeAll()
            alone.routes.removeAll()
            #expect(throws: RenderError.self) { try Render.files(of: alone, mesh: mesh, for: target) { _ in Rendering.noKey } }
            let empty = PreSharedKey(SecretBytes([UInt8]()))
            #expect(throws: RenderError.self) { try Render.files(of: plan, mesh: mesh, for: target) { _ in empty } }
        }
    }

    @Test func linksWhoseAddressIsAwaited() throws {
        for (target, _) in Rendering.targets {
            var (plan, mesh) = try Rendering.plan("handbook", "first", target)
            let peer = plan.tunnels[0].peer
            plan.awaiting = [.init(peer: peer, site: peer, source: .agent)]
            let error = #expect(throws: RenderError.self) {
                try Render.files(of: plan, mesh: mesh, for: target) { _ in Rendering.noKey }
            }
            #expect(error?.code == .awaiting)
            #expect(error?.message == "first: the public address of second is not known")
        }
    }

    /// A mesh's name stands in comments only, where a line end would end the comment.
    @Test func namesOfMeshesStayInTheirLine() throws {
        for (target, _) in Rendering.targets {
            let (plan, _) = try Rendering.plan("handbook", "first", target)
            let plain = try Render.files(of: plan, mesh: "m", for: target) { _ in Rendering.noKey }
            let hostile = try Render.files(of: plan, mesh: "m\nreboot\r\u{2028}x", for: target) { _ in Rendering.noKey }
            #expect(plain.map(\.statements) == hostile.map(\.statements))
        }
    }

    @Test func onlyFilesWithoutKeysMayBeRead() throws {
        let key = PreSharedKey(SecretBytes([UInt8](repeating: 0xA7, count: 32)))
        let digits = String(repeating: "a7", count: 32)
        for (target, _) in Rendering.targets {
            let (plan, mesh) = try Rendering.plan("five-sites", "berlin", target)
            let files = try Render.files(of: plan, mesh: mesh, for: target) { _ in key }
            for file in files { #expect(file.text.contains(digits) == (file.access == .ownerOnly), "\(file.name)") }
            #expect(files.contains { $0.access == .ownerOnly })
            #expect(Set(files.map(\.name)).isSubset(of: Render.fileNames))
        }
    }
}

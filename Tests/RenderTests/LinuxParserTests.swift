import Foundation
import Testing
import WarrenRender

/// The real tools read what was written for them.
@Suite struct LinuxParserTests {
    @Test(arguments: Rendering.gateways)
    func nftTakesTheTable(sample: String, site: String) throws {
        let namespace = try Namespace()
        let file = try namespace.write(Rendering.file("nftables.conf", sample, site, .linux), "nftables.conf")
        let check = try namespace.run(["nft", "-c", "-f", file])
        #expect(check.status == 0, "\(check.output)")
        // Twice: the table is replaced, whether or not it is there.
        for _ in 0..<2 {
            let load = try namespace.run(["nft", "-f", file])
            #expect(load.status == 0, "\(load.output)")
        }
        let table = try namespace.run(["nft", "list", "table", "inet", "warren"]).output
        let (plan, _) = try Rendering.plan(sample, site, .linux)
        #expect(table.components(separatedBy: "ipsec missing drop").count - 1 == plan.tunnels.count * 4)
        let translated = try namespace.run(["nft", "list", "table", "inet", "warren_translation"])
        #expect((translated.status == 0) == !plan.translations.isEmpty)
        for item in plan.translations {
            #expect(translated.output.contains("ip saddr \(item.network) snat ip prefix to \(item.visible)\n"))
            #expect(translated.output.contains("ip daddr \(item.visible) dnat ip prefix to \(item.network)\n"))
        }
    }

    @Test(arguments: Rendering.gateways)
    func theKernelHoldsThePolicies(sample: String, site: String) throws {
        let namespace = try Namespace()
        let file = try namespace.write(Rendering.file("xfrm.batch", sample, site, .linux), "xfrm.batch")
        let load = try namespace.run(["ip", "-batch", file])
        #expect(load.status == 0, "\(load.output)")
        let (plan, _) = try Rendering.plan(sample, site, .linux)
        let listing = try namespace.run(["ip", "xfrm", "policy"]).output
        for policy in plan.policies {
            let ends = "src \(policy.selector.source) dst \(policy.selector.destination) proto \(policy.selector.ipProtocol)"
            #expect(listing.contains(ends), "no policy \(ends) in: \(listing)")
        }
        let held = listing.components(separatedBy: "tmpl src").count - 1
        #expect(held == plan.policies.count / 2 * 3)
        #expect(listing.components(separatedBy: "mode \(plan.tunnels[0].mode.rawValue)").count - 1 == held)
        // Without "level required", a packet could pass in the clear: iproute2 prints only what differs from it.
        #expect(!listing.contains("level use"))
    }

    /// Not every kernel makes tunnel devices. Where this one does not, its refusal must be the kernel's and not the tool's,
    /// and TUN devices take their place, so that all else is still tried.
    @Test(arguments: Rendering.gateways)
    func tunnelsAddressesAndRoutes(sample: String, site: String) throws {
        let namespace = try Namespace()
        let text = try Rendering.file("ip.batch", sample, site, .linux)
        var lines = text.split(separator: "\n").map(String.init)
        for (index, line) in lines.enumerated() where line.hasPrefix("link add ") {
            let words = line.split(separator: " ").map(String.init)
            let made = try namespace.run(["ip"] + words)
            if made.status == 0 {
                try namespace.run(required: ["ip", "link", "delete", words[2]])
                continue
            }
            #expect(made.output.contains("RTNETLINK answers") || made.output.contains("Unknown device type"), "\(made.output)")
            lines[index] = "tuntap add dev \(words[2]) mode tun"
        }
        let file = try namespace.write(lines.joined(separator: "\n") + "\n", "ip.batch")
        let load = try namespace.run(["ip", "-batch", file])
        #expect(load.status == 0, "\(load.output)")

        let (plan, _) = try Rendering.plan(sample, site, .linux)
        let routes = try namespace.run(["ip", "route"]).output + namespace.run(["ip", "-6", "route"]).output
        for route in plan.routes {
            let text = "\(route.destination) " + (route.via.map { "via \($0) " } ?? "") + "dev \(route.interface)"
            #expect(routes.contains(text), "no route \(text) in: \(routes)")
        }
        for network in plan.unreachable { #expect(routes.contains("unreachable \(network) ")) }
        let addresses = try namespace.run(["ip", "addr"]).output
        for tunnel in plan.tunnels {
            #expect(addresses.contains("\(tunnel.inner.local) peer \(tunnel.inner.remote)/"))
            #expect(addresses.contains("mtu \(tunnel.mtu)"))
        }
    }

    @Test(arguments: [RenderTarget.freebsdWithRacoon, .freebsdWithStrongSwan])
    func shellsReadTheirFiles(target: RenderTarget) throws {
        let namespace = try Namespace()
        for (sample, site) in Rendering.gateways {
            for name in ["rc.conf", "ipfw.sh"] {
                let file = try namespace.write(Rendering.file(name, sample, site, target), name)
                let check = try namespace.run(["sh", "-n", file])
                #expect(check.status == 0, "\(check.output)")
            }
            // What rc(8) would read.
            let file = namespace.folder.appending(path: "rc.conf").path
            let (plan, _) = try Rendering.plan(sample, site, target)
            for tunnel in plan.tunnels {
                let value = try namespace.run(["sh", "-euc", ". \(file); echo \"$create_args_\(tunnel.interface)\""]).output
                #expect(value.hasSuffix("tunnel \(tunnel.outer.local) \(tunnel.outer.remote)\n"), "\(value)")
            }
        }
    }
}

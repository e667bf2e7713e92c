import Foundation
import Testing
import WarrenInventory
import WarrenModel
import WarrenPlan

@Suite struct PacketWalkTests {
    private func walk(_ plan: Plan, from site: String, to destination: String) throws -> PacketWalk {
        let gateway = try #require(plan[name(site)]), address = try address(destination)
        return PacketWalk(from: gateway.site, source: gateway.innerAddress, to: address) { plan[$0] }
    }

    @Test func thePromisesOfEverySampleHold() throws {
        var promises = 0
        for sample in try Samples.names() {
            let inventory = try Samples.inventory(sample)
            promises += inventory.tests.count
            #expect(inventory.brokenTests() == [], "\(sample)")
        }
        #expect(promises >= 8)
    }

    /// Every site reaches every other exactly when there is a link, or a hub that both have one to.
    @Test func everyWalkEndsAsTheTopologySays() throws {
        for sample in try Samples.small() {
            let inventory = try Samples.inventory(sample)
            let mesh = MeshDerivation(inventory).withEveryAddressSupposed()
            let names = inventory.sites.map(\.name), links = MeshLinks(inventory)
            for (from, site) in inventory.sites.enumerated() {
                for (to, other) in inventory.sites.enumerated() where from != to {
                    let visible = try #require(mesh.visibleAddress(of: other.name))
                    let trace = try #require(MeshTrace(from: site.name, to: visible, in: mesh))
                    let direct = links.peers(of: from).contains(to)
                    let viaHub = links.transit(from: from) != nil && links.transit(from: to) != nil
                    #expect(trace.holds == (direct || viaHub), "\(sample): \(site.name) to \(other.name)")
                    #expect(trace.exposures == [])
                    if trace.holds {
                        #expect(trace.forth.hops.count == (direct ? 1 : 2))
                        #expect(trace.back?.hops.map(\.site).last.map(names.contains) == true)
                    } else {
                        #expect(trace.forth.outcome == .refused)
                    }
                }
            }
        }
    }

    @Test func aPromiseThatDoesNotHoldIsAFault() throws {
        let folder = Samples.golden.deletingLastPathComponent().deletingLastPathComponent().appending(
            path: "Inventory/rejected")
        let text = try String(contentsOf: folder.appending(path: "unreachable-test.yaml"), encoding: .utf8)
        let load = Inventory.loadAndTest([InventoryFile(name: "unreachable-test.yaml", text: text)])
        #expect(load.inventory == nil)
        let told = load.diagnostics.map { $0.description + "\n" }.joined()
        let expected = folder.appending(path: "unreachable-test.expected")
        if Samples.updates { try told.write(to: expected, atomically: true, encoding: .utf8) }
        #expect(told == (try String(contentsOf: expected, encoding: .utf8)))
        #expect(load.diagnostics.allSatisfy { $0.rule == .unreachableTest })
        #expect(load.diagnostics.map(\.location.line) == [16, 17, 19])
    }

    @Test func aWalkTellsWhereAndWhyItEnds() throws {
        let plan = try Samples.plan("groups")
        #expect(try walk(plan, from: "oslo", to: "192.168.4.9").outcome == .delivered)
        #expect(try walk(plan, from: "oslo", to: "192.168.3.9").hops == [])
        #expect(try walk(plan, from: "oslo", to: "192.168.2.9").outcome == .refused)
        #expect(try walk(plan, from: "oslo", to: "192.0.2.1").outcome == .leaves)
    }

    /// Whatever is taken from either gateway of a link, the packet is never delivered, and never leaves unseen.
    @Test func aPlanWithAPartMissingIsFoundOut() throws {
        let sound = try Samples.plan("handbook")
        let edits: [(String, PacketWalk.Outcome, Bool, (inout Plan) -> Void)] = [
            ("no route", .refused, false, { $0.gateways[0].routes = [] }),
            ("no tunnel", .refused, true, { $0.gateways[0].tunnels = [] }),
            ("no policy", .exposed, true, { $0.gateways[0].policies = [] }),
            ("no key", .refused, false, { $0.gateways[0].keys = [] }),
            ("no barrier", .delivered, true, { $0.gateways[0].unreachable = [] }),
            (
                "no route and no barrier", .leaves, true,
                {
                    $0.gateways[0].routes = []; $0.gateways[0].unreachable = []
                }
            ),
            ("no firewall", .delivered, true, { $0.gateways[0].firewall = [] }),
            ("no tunnel there", .refused, false, { $0.gateways[1].tunnels = [] }),
            ("no policy there", .refused, false, { $0.gateways[1].policies = [] }),
            ("no key there", .refused, false, { $0.gateways[1].keys = [] }),
        ]
        for (what, outcome, isExposed, edit) in edits {
            var plan = sound
            edit(&plan)
            #expect(try walk(plan, from: "first", to: "192.168.2.34").outcome == outcome, "\(what)")
            let exposures = plan.gateways[0].exposures(protecting: plan.gateways[1].networks)
            #expect(exposures.isEmpty != isExposed, "\(what): \(exposures)")
        }
        #expect(try walk(sound, from: "first", to: "192.168.2.34").outcome == .delivered)
    }

    @Test func plansThatSendAPacketRoundEndTheWalk() throws {
        var plan = try Samples.plan("handbook")
        let astray = try #require(IPPrefix("10.99.0.0/16"))
        for index in 0...1 {
            plan.gateways[index].routes.append(
                Route(destination: astray, via: nil, interface: plan.gateways[index].tunnels[0].interface))
        }
        let walk = try walk(plan, from: "first", to: "10.99.1.1")
        #expect(walk.outcome == .refused && walk.hops.count == 2)
    }

    @Test func noGatewayOfAnySampleIsExposed() throws {
        for sample in try Samples.names() {
            #expect(MeshDerivation(try Samples.inventory(sample)).exposures() == [], "\(sample)")
        }
    }

    @Test func theTraceIsTold() throws {
        let mesh = MeshDerivation(try Samples.inventory("hub-and-spoke"))
        let trace = try #require(MeshTrace(from: name("cork"), to: address("10.10.2.34"), in: mesh))
        let text = PlanText.trace(trace)
        let file = Samples.golden.appending(path: "hub-and-spoke.trace.txt")
        if Samples.updates { try text.write(to: file, atomically: true, encoding: .utf8) }
        #expect(text == (try String(contentsOf: file, encoding: .utf8)))
    }
}

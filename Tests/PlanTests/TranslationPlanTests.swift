import Foundation
import Testing
import WarrenInventory
import WarrenModel
import WarrenPlan

@Suite struct TranslationPlanTests {
    private func mesh() throws -> MeshDerivation { MeshDerivation(try Samples.inventory("overlapping-with-translate")) }

    private func trace(_ from: String, _ to: String, in mesh: MeshDerivation) throws -> MeshTrace {
        try #require(MeshTrace(from: try name(from), to: try address(to), in: mesh))
    }

    @Test func sourceAndDestinationAreSwappedAtTheTunnels() throws {
        let trace = try trace("london", "10.202.1.34", in: mesh())
        #expect(trace.holds)
        let hop = try #require(trace.forth.hops.first)
        #expect(trace.forth.source.description == "192.168.1.1")
        #expect(hop.source.description == "10.201.1.1" && hop.destination.description == "10.202.1.34")
        #expect(trace.forth.sourceAtEnd.description == "10.201.1.1")
        #expect(trace.forth.destinationAtEnd.description == "192.168.1.34")
        let back = try #require(trace.back)
        #expect(back.hops.first?.source.description == "10.202.1.34")
        #expect(back.sourceAtEnd.description == "10.202.1.34" && back.destinationAtEnd.description == "192.168.1.1")
    }

    @Test func whatIsNotTranslatedStays() throws {
        let mesh = try mesh()
        let trace = try trace("oslo", "172.16.1.9", in: mesh)
        #expect(trace.holds && trace.forth.hops.first?.source == trace.forth.source)
        #expect(trace.forth.destinationAtEnd == trace.forth.destination)
    }

    @Test func aHubPassesWhatSpokesAreSeenAs() throws {
        var inventory = try Samples.inventory("overlapping-with-translate")
        inventory.topology = .hubAndSpoke(hubs: [try name("oslo")])
        let trace = try trace("london", "10.202.1.34", in: MeshDerivation(inventory))
        #expect(trace.holds && trace.forth.hops.map(\.site.description) == ["london", "oslo"])
        #expect(trace.forth.hops.map(\.source.description) == ["10.201.1.1", "10.201.1.1"])
        #expect(trace.forth.destinationAtEnd.description == "192.168.1.34")
    }

    @Test func anOwnNumberIsNoAddressForTheOthers() throws {
        let mesh = try mesh()
        let outside = try trace("oslo", "192.168.1.34", in: mesh)
        #expect(outside.forth.outcome == .leaves && !outside.holds)
        #expect(outside.seenElsewhere.map(\.address.description) == ["10.201.1.34", "10.202.1.34"])
        #expect(PlanText.trace(outside).contains("to the others, 192.168.1.34 of paris is 10.202.1.34\n"))
        // In a site that has it, it is its own; and the site does not know itself by what the others see.
        #expect(try trace("london", "192.168.1.34", in: mesh).forth.hops == [])
        let mirrored = try trace("london", "10.201.1.34", in: mesh).forth
        #expect(mirrored.outcome == .refused && mirrored.reason.contains("192.168.1.34"))
    }

    /// The proof speaks of what gateways route to: what each site is seen as.
    @Test func noTranslatedNetworkIsExposed() throws {
        let mesh = try mesh()
        #expect(mesh.exposures() == [])
        let visible = try #require(IPPrefix("10.201.1.0/24"))
        for site in ["oslo", "paris"] { #expect(mesh[try name(site)]?.unreachable.contains(visible) == true) }
        var oslo = try #require(mesh[try name("oslo")])
        oslo.unreachable.removeAll { $0 == visible }
        #expect(oslo.exposures(protecting: [visible]).map(\.reason) == ["10.201.1.0/24 may take the default route"])
    }

    /// A gateway that forgets to translate is found out by the answer that does not come back to the one who asked.
    @Test func aForgottenTranslationIsFoundOut() throws {
        let plan = Plan.derive(from: try Samples.inventory("overlapping-with-translate"))
        for forgetful in ["london", "paris"] {
            var broken = plan
            let index = try #require(broken.gateways.firstIndex { $0.site.description == forgetful })
            broken.gateways[index].translations = []
            let forth = PacketWalk(
                from: try name("london"), source: try address("192.168.1.1"), to: try address("10.202.1.34")
            ) { broken[$0] }
            let back = PacketWalk(from: forth.site, source: forth.destinationAtEnd, to: forth.sourceAtEnd) { broken[$0] }
            #expect(forth.outcome != .delivered || !forth.isAnswered(by: back), "\(forgetful)")
        }
    }

    @Test func theTraceIsTold() throws {
        let text = PlanText.trace(try trace("london", "10.202.1.34", in: mesh()))
        let file = Samples.golden.appending(path: "overlapping-with-translate.trace.txt")
        if Samples.updates { try text.write(to: file, atomically: true, encoding: .utf8) }
        #expect(text == (try String(contentsOf: file, encoding: .utf8)))
    }

    @Test func promisesToASiteMeanWhatTheOthersSee() throws {
        let text = try String(
            contentsOf: Samples.golden.deletingLastPathComponent().deletingLastPathComponent().appending(
                path: "Inventory/overlapping-with-translate.yaml"), encoding: .utf8)
        let broken =
            text + "  - {from: oslo, to: paris, expect: unreachable}\n  - {from: oslo, to: 192.168.1.1, expect: reachable}\n"
        let load = Inventory.loadAndTest([InventoryFile(name: "m.yaml", text: broken)])
        #expect(load.diagnostics.map(\.rule) == [.unreachableTest, .unreachableTest])
        #expect(load.diagnostics.first?.message.contains("10.202.1.1 is reached at paris") == true, "\(load.diagnostics)")
    }
}

import Foundation
import Testing
import WarrenInventory
import WarrenModel
import WarrenPlan

@Suite struct AwaitingTests {
    private func trace(_ from: String, _ to: String, in mesh: MeshDerivation) throws -> MeshTrace {
        let destination = try #require(mesh.visibleAddress(of: try name(to)))
        return try #require(MeshTrace(from: try name(from), to: destination, in: mesh))
    }

    @Test func aTraceSaysWhatItWaitsFor() throws {
        let mesh = MeshDerivation(try Samples.inventory("dynamic-address"))
        #expect(mesh.isAwaiting && mesh.awaitedLinkCount == 3)
        let trace = try trace("head-office", "kiosk", in: mesh)
        #expect(!trace.holds && trace.forth.outcome == .refused)
        #expect(trace.awaiting.map(\.site.description).first == "head-office")
        #expect(trace.awaiting.first?.link.source == .agent)
        let text = PlanText.trace(trace)
        let file = Samples.golden.appending(path: "dynamic-address.trace.txt")
        if Samples.updates { try text.write(to: file, atomically: true, encoding: .utf8) }
        #expect(text == (try String(contentsOf: file, encoding: .utf8)))
        #expect(mesh.exposures() == [])
    }

    @Test func onceTheAddressesAreKnownAllHolds() throws {
        let inventory = try Samples.inventory("dynamic-address")
        let learned = Assignments(addresses: [
            try name("branch"): [try address("198.51.100.7")], try name("kiosk"): [try address("198.51.100.8")],
        ])
        let mesh = MeshDerivation(inventory, assignments: learned)
        #expect(!mesh.isAwaiting && mesh.awaitedLinkCount == 0)
        #expect(try trace("head-office", "kiosk", in: mesh).holds)
        #expect(try trace("kiosk", "branch", in: mesh).awaiting == [])
    }

    /// Promises are kept or broken by what the mesh is, not by what is known of it today.
    @Test func anAwaitedAddressNeitherBreaksNorKeepsAPromise() throws {
        var inventory = try Samples.inventory("dynamic-address")
        #expect(inventory.brokenTests() == [])
        inventory.tests[0].expect = .unreachable
        #expect(inventory.brokenTests().count == 1)
        inventory.tests[0].expect = .reachable
        inventory.sites[2].isDrained = true
        #expect(inventory.brokenTests().count == 2)
        // What is drained is not waited for.
        #expect(try trace("head-office", "kiosk", in: MeshDerivation(inventory)).awaiting == [])
    }

    @Test func spokesWaitForTheirHub() throws {
        var inventory = try Samples.inventory("hub-and-spoke")
        inventory.sites[0].gateway.publicAddressSource = .agent
        inventory.sites[0].gateway.publicAddresses = []
        let mesh = MeshDerivation(inventory)
        #expect(mesh.exposures() == [])
        let ghent = try #require(mesh[try name("ghent")])
        let interfaces = Set(ghent.tunnels.map(\.interface))
        #expect(ghent.routes.allSatisfy { interfaces.contains($0.interface) })
        let trace = try trace("ghent", "dublin", in: mesh)
        #expect(trace.forth.outcome == .refused)
        #expect(Set(trace.awaiting.map(\.link.site.description)) == ["berlin"])
    }

    /// No host can have what is supposed, and nobody else is given the same.
    @Test func supposedAddressesAreNobodys() throws {
        let mesh = MeshDerivation(try Samples.inventory("dynamic-address")).withEveryAddressSupposed()
        let outer = mesh.flatMap(\.outerAddresses)
        #expect(Set(outer).count == outer.count && outer.count == 5)
        let supposed = try #require(IPPrefix("240.0.0.0/4")), discarded = try #require(IPPrefix("100::/64"))
        #expect(outer.count { supposed.contains($0) || discarded.contains($0) } == 4)
    }
}

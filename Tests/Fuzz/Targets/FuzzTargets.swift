import WarrenInventory
import WarrenModel
import WarrenPlan

/// What is fuzzed: each target takes any bytes at all, and stops the process when something holds that must not.
public enum FuzzTargets {
    /// Everything that an inventory's text goes through: reading, decoding, checks, the tree of its address space; and where it
    /// is good, its plan, the proof that nothing is exposed, and walks between its sites.
    ///
    /// A byte 0xff, which no UTF-8 holds, begins another file. Answers how many sites were planned, so that no part of the work
    /// can be left out by an optimizer.
    public static func inventory(_ bytes: UnsafeRawBufferPointer) -> Int {
        let texts = bytes.split(separator: 0xff, maxSplits: 4, omittingEmptySubsequences: false)
        let files = texts.enumerated().map { number, text in
            InventoryFile(name: "\(number).yaml", text: String(decoding: text, as: UTF8.self))
        }
        let load = Inventory.loadAndTest(files)
        demand((load.inventory == nil) == !load.diagnostics.isEmpty, "a fault, or an inventory, and not both")
        for diagnostic in load.diagnostics { judge(diagnostic, files: files) }
        let space = Inventory.addressSpace(of: files)
        guard let inventory = load.inventory else { return 0 }
        demand(space.space?.collisions == 0, "what collides is no inventory")
        judge(inventory)
        return inventory.sites.count
    }

    private static func judge(_ diagnostic: Diagnostic, files: [InventoryFile]) {
        let place = diagnostic.location
        demand(place.line >= 1 && place.column >= 1, "a place in the file: \(place)")
        demand(RuleID.all.contains(diagnostic.rule), "a rule that is listed: \(diagnostic.rule)")
        let isPrintable = diagnostic.description.unicodeScalars.allSatisfy {
            $0 == "\n" || $0 == "…" || (0x20...0x7e).contains($0.value)
        }
        demand(isPrintable, "text that a terminal can be trusted with")
    }

    /// What must hold of every inventory that was taken.
    private static func judge(_ inventory: Inventory) {
        let mesh = MeshDerivation(inventory)
        // A mesh of many costs the square of it; what could go wrong does so among few.
        let sites = mesh.sites.prefix(8).map(\.self)
        demand(mesh.exposures(of: sites).isEmpty, "no way into the clear")
        let known = mesh.withEveryAddressSupposed()
        let links = MeshLinks(inventory, names: known.sites)
        for (from, site) in sites.enumerated() {
            for peer in links.peers(of: from).prefix(4) {
                guard let address = known.visibleAddress(of: known.sites[peer]),
                    let trace = MeshTrace(from: site, to: address, in: known)
                else { continue }
                demand(trace.holds, "linked sites reach each other: \(PlanText.trace(trace))")
            }
        }
        if let first = mesh.first(where: { _ in true }) { demand(!PlanText.gateway(first).isEmpty, "a text") }
    }

    private static func demand(_ holds: Bool, _ what: @autoclosure () -> String) {
        if !holds { fatalError("must hold: \(what())") }
    }
}

import WarrenModel
import WarrenPlan

/// Prints what gateways would run, one after the other: the plan of a large mesh need not fit into memory.
struct WholePlan {
    let mesh: MeshDerivation

    func show(as format: PlanCommand.Format, site: SiteName?, summary: Bool) throws {
        switch format {
        case .text:
            if summary {
                Terminal.show(PlanText.summary(PlanSummary(mesh)))
            } else if let site, let gateway = mesh[site] {
                Terminal.show(PlanText.gateway(gateway))
            } else {
                for piece in PlanText.pieces(mesh) { Terminal.show(piece) }
            }
        case .json:
            if summary {
                try Terminal.show(json: PlanSummary(mesh))
            } else if let site, let gateway = mesh[site] {
                try Terminal.show(json: gateway)
            } else {
                try showJSON()
            }
        }
    }

    /// The same bytes as of a whole `Plan`.
    private func showJSON() throws {
        Terminal.show("{\n  \"gateways\" : [\n")
        var isFirst = true
        for gateway in mesh {
            let text = try Terminal.json(gateway).split(separator: "\n", omittingEmptySubsequences: false)
            let piece = text.map { $0.isEmpty ? "" : "    " + $0 }.joined(separator: "\n")
            Terminal.show(piece: isFirst ? piece : ",\n" + piece)
            isFirst = false
        }
        Terminal.show("\n  ],\n  \"mesh\" : \(try Terminal.json(mesh.mesh))\n}\n")
    }
}

import Foundation
import WarrenInventory
import WarrenModel
import WarrenPlan

/// Writes what each gateway of an inventory would run to `plan-<site>.json` in a folder.
func writePlans(inventoryPath: String, folder: String) throws {
    let text = try String(contentsOf: URL(filePath: inventoryPath), encoding: .utf8)
    let load = Inventory.load([InventoryFile(name: inventoryPath, text: text)])
    guard let inventory = load.inventory else {
        throw Unusable(description: load.diagnostics.map(\.description).joined(separator: "\n"))
    }
    for gateway in Plan.derive(from: inventory).gateways {
        let path = URL(filePath: folder).appending(path: "plan-\(gateway.site).json")
        try JSONEncoder().encode(gateway).write(to: path)
    }
}

/// Writes the plan of a gateway that is every peer of the given one at once: the other end of each of its tunnels. Site names are
/// the given gateway's names of its peers, for a gateway's addresses alone say who it is.
func writeMirror(planPath: String, mirrorPath: String) throws {
    let plan = try JSONDecoder().decode(GatewayPlan.self, from: Data(contentsOf: URL(filePath: planPath)))
    guard let first = plan.tunnels.first else { throw Unusable(description: "the plan has no tunnel") }
    let mirror = GatewayPlan(
        site: first.peer, platform: plan.platform, index: plan.index, outerAddresses: plan.tunnels.map(\.outer.remote),
        innerAddress: first.inner.remote, networks: [],
        tunnels: plan.tunnels.map {
            GIFTunnel(
                peer: $0.peer, interface: $0.interface, outer: $0.outer.mirrored, inner: $0.inner.mirrored, mtu: $0.mtu,
                mode: $0.mode)
        },
        policies: plan.policies.map {
            SecurityPolicy(
                peer: $0.peer, direction: $0.direction == .inbound ? .outbound : .inbound, selector: $0.selector,
                level: $0.level,
                mode: $0.mode)
        },
        keys: plan.keys,
        ike: plan.ike.map {
            IKEPeer(
                peer: $0.peer, outer: $0.outer.mirrored, initiator: !$0.initiator, parameters: $0.parameters,
                selectors: $0.selectors.map(\.reversed), key: $0.key)
        })
    try JSONEncoder().encode(mirror).write(to: URL(filePath: mirrorPath))
}

extension AddressPair {
    fileprivate var mirrored: AddressPair { AddressPair(local: remote, remote: local) }
}

import WarrenInventory
import WarrenModel

/// The inventory of the mesh that roll-outs are tried on, and what the scenarios change of it.
///
/// Five sites, ten links: two sites also have an IPv6 network, one has two networks, one tells its address itself. A sixth
/// may join.
struct RolloutMesh: Sendable, Equatable {
    static let steady = "oslo"
    static let roaming = "cairo"
    static let joining = "quito"

    let name: String
    var mode = IPsecMode.tunnel
    var hasJoined = false
    /// One more network of `steady`.
    var claimed: IPPrefix?
    /// Of `steady`.
    var publicAddress = "203.0.113.30"

    init(name: String) { self.name = name }

    var files: [InventoryFile] { [InventoryFile(name: "\(name).yaml", text: text)] }

    func inventory() throws -> Inventory {
        let load = Inventory.load(files)
        guard let inventory = load.inventory else {
            throw LabError(.unusable, "the inventory of '\(name)' has faults", details: "\(load.diagnostics)")
        }
        return inventory
    }

    private var text: String {
        """
        version: 1
        mesh: \(name)
        topology: full-mesh
        defaults:
          platform: embedded
          ipsec: {mode: \(mode.rawValue)}
        sites:
          berlin:
            gateway: {public: 203.0.113.10, private: 192.168.1.1}
            networks: [192.168.1.0/24, "fd00:1::/64"]
          tokyo:
            gateway: {public: 198.51.100.20, private: 192.168.2.1}
            networks: [192.168.2.0/24, 10.20.0.0/16]
          \(Self.steady):
            gateway: {public: \(publicAddress), private: 192.168.3.1}
            networks: [192.168.3.0/24\(claimed.map { ", \($0)" } ?? "")]
          lima:
            gateway: {public: 198.51.100.40, private: 192.168.4.1}
            networks: [192.168.4.0/24, "fd00:4::/64"]
          \(Self.roaming):
            gateway: {public: dynamic, private: 192.168.5.1}
            networks: [192.168.5.0/24]

        """ + (hasJoined ? joiningText : "")
    }

    private var joiningText: String {
        """
          \(Self.joining):
            gateway: {public: 203.0.113.60, private: 192.168.6.1}
            networks: [192.168.6.0/24]

        """
    }
}

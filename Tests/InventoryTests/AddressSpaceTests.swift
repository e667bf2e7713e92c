import Testing
import WarrenInventory
import WarrenModel

@Suite struct AddressSpaceTests {
    private func space(_ sites: [(String, [String])]) throws -> AddressSpace {
        var text = "version: 1\nmesh: m\nsites:\n"
        for (index, site) in sites.enumerated() {
            text += "  \(site.0):\n    gateway: {public: 203.0.113.\(index + 1), private: 10.0.0.1}\n"
            text += "    networks: [\(site.1.map { "\"\($0)\"" }.joined(separator: ", "))]\n"
        }
        return try #require(Inventory.addressSpace(of: [InventoryFile(name: "i.yaml", text: text)]).space)
    }

    @Test func privateRangesAreTheRoots() throws {
        let space = try space([("a", ["192.168.1.0/24", "8.8.8.0/24"]), ("b", ["fd00:1::/64"])])
        #expect(space.roots.map(\.prefix.description) == ["8.8.8.0/24", "192.168.0.0/16", "fd00::/8"])
        #expect(space.roots[1].children.map(\.prefix.description) == ["192.168.1.0/24"])
        #expect(space.collisions == 0)
    }

    @Test func freeSpaceIsWhatNobodyHas() throws {
        let free = try #require(try space([("a", ["192.168.0.0/18"]), ("b", ["192.168.128.0/24"])]).roots.first?.free)
        #expect(
            free.largest.map(\.description) == ["192.168.64.0/18", "192.168.192.0/18", "192.168.160.0/19", "192.168.144.0/20"])
        // 65,536 less 16,384 less 256 addresses.
        #expect(free.basisPoints == 7460)
        #expect(free.count == 8)
        let whole = try space([("a", ["fd00::/8"])]).roots[0]
        #expect(whole.free == nil && whole.owners.count == 1 && whole.purpose != nil)
        let half = try #require(try space([("a", ["fd00::/9"])]).roots[0].free)
        #expect(half.basisPoints == 5000 && half.largest.map(\.description) == ["fd80::/9"])
    }

    @Test func collisionsAreFoundWhetherEqualOrNested() throws {
        let space = try space([
            ("a", ["10.0.0.0/16"]), ("b", ["10.0.1.0/24", "10.2.0.0/16"]), ("c", ["10.2.0.0/16"]), ("d", ["10.0.1.128/25"]),
        ])
        let root = try #require(space.roots.first)
        #expect(root.children.map(\.isCollision) == [false, true])
        let nested = try #require(root.children.first?.children.first)
        #expect(nested.collidesWith.map(\.site.description) == ["a"])
        #expect(nested.children.first?.collidesWith.map(\.site.description) == ["a", "b"])
        #expect(nested.owners.first?.location.line == 9)
        // b and d in a, and c on b.
        #expect(space.collisions == 3)
    }

    @Test func aNetworkOfItsOwnSiteIsNoCollision() throws {
        let space = try space([("a", ["10.0.0.0/16", "10.0.1.0/24"])])
        #expect(space.collisions == 0)
        #expect(space.roots[0].children[0].children[0].isCollision == false)
    }

    @Test func faultsLeaveTheRestOfTheTree() {
        let text =
            "version: 1\nmesh: m\nsites:\n  a:\n    gateway: {public: x, private: y}\n    networks: [10.0.0.0/16, nonsense]\n"
        let load = Inventory.addressSpace(of: [InventoryFile(name: "i.yaml", text: text)])
        #expect(load.space?.roots.first?.children.map(\.prefix.description) == ["10.0.0.0/16"])
        #expect(load.diagnostics.count == 3)
        #expect(Inventory.addressSpace(of: [InventoryFile(name: "i.yaml", text: "{")]).space == nil)
    }
}

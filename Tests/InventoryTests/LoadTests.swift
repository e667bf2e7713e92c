import Testing
import WarrenInventory
import WarrenModel

@Suite struct LoadTests {
    @Test func everySampleIsFreeOfFaults() throws {
        let names = try SampleFiles.names(in: SampleFiles.folder)
        #expect(names.count >= 4)
        for name in names {
            let load = Inventory.load([try SampleFiles.read(name, in: SampleFiles.folder)])
            #expect(load.diagnostics == [], "\(name)")
            #expect(load.inventory != nil, "\(name)")
        }
    }

    @Test func everyPartOfASiteIsDecoded() throws {
        let inventory = try #require(
            load(
                """
                version: 1
                mesh: acme
                topology: full-mesh
                defaults:
                  platform: linux
                  ipsec:
                    ike: {version: 2, proposals: [aes128gcm16-prfsha256-ecp256], lifetime: 90m, liveness: 30s}
                    child: {proposals: [aes256gcm16, aes128gcm16-x25519], bytes: 512MiB}
                sites:
                  berlin:
                    gateway:
                      public: [203.0.113.10, "2001:db8::10"]
                      private: 192.168.1.1
                      platform: freebsd
                      ipsec: {mode: transport, encapsulation: esp, child: {lifetime: 2h, packets: 4000000000}}
                    networks: [192.168.1.0/24, "FD00:1::/64"]
                    tags: [europe, head-office]
                  tokyo:
                    gateway: {public: 198.51.100.20, private: 192.168.2.1}
                    networks:
                      - 192.168.2.0/24
                """
            ).inventory)
        let berlin = try #require(inventory.sites.first), tokyo = try #require(inventory.sites.last)
        #expect(inventory.mesh == "acme")
        #expect(inventory.sites.map(\.name.description) == ["berlin", "tokyo"])
        #expect(berlin.gateway.publicAddresses.map(\.description) == ["203.0.113.10", "2001:db8::10"])
        #expect(berlin.gateway.privateAddress.description == "192.168.1.1")
        #expect(berlin.gateway.platform == .freebsd)
        #expect(tokyo.gateway.platform == .linux)
        #expect(berlin.networks.map(\.description) == ["192.168.1.0/24", "fd00:1::/64"])
        #expect(berlin.tags == ["europe", "head-office"])
        #expect(tokyo.tags == [])
        let ipsec = berlin.gateway.ipsec
        #expect(ipsec.mode == .transport)
        #expect(tokyo.gateway.ipsec.mode == .tunnel)
        #expect(ipsec.encapsulation == .esp && tokyo.gateway.ipsec.encapsulation == .auto)
        #expect(ipsec.ike.proposals.map(\.description) == ["aes128gcm16-prfsha256-ecp256"])
        #expect(ipsec.ike.lifetimeSeconds == 5400)
        #expect(ipsec.ike.livenessSeconds == 30)
        #expect(ipsec.child.proposals.map(\.description) == ["aes256gcm16", "aes128gcm16-x25519"])
        #expect(ipsec.child.lifetimeSeconds == 7200)
        #expect(tokyo.gateway.ipsec.child.lifetimeSeconds == 3600)
        #expect(ipsec.child.lifetimeBytes == 512 << 20)
        #expect(ipsec.child.lifetimePackets == 4_000_000_000 && tokyo.gateway.ipsec.child.lifetimePackets == nil)
    }

    @Test func aSiteThatSaysLittleGetsTheDefaults() throws {
        let inventory = try #require(load(pair).inventory)
        for site in inventory.sites {
            #expect(site.gateway.platform == .embedded)
            #expect(site.gateway.ipsec == IPsecParameters())
        }
    }

    @Test func filesAreMerged() throws {
        let first = InventoryFile(name: "mesh.yaml", text: "version: 1\nmesh: acme\ndefaults: {platform: linux}\n")
        let second = InventoryFile(
            name: "europe.yaml",
            text: "sites: {berlin: {gateway: {public: 203.0.113.10, private: 10.1.0.1}, networks: [10.1.0.0/16]}}\n")
        let third = InventoryFile(
            name: "asia.yaml",
            text: "mesh: acme\nsites: {tokyo: {gateway: {public: 203.0.113.20, private: 10.2.0.1}, networks: [10.2.0.0/16]}}\n")
        let empty = InventoryFile(name: "empty.yaml", text: "# nothing yet\n")
        let inventory = try #require(Inventory.load([first, second, empty, third]).inventory)
        #expect(inventory.sites.map(\.name.description) == ["berlin", "tokyo"])
        #expect(inventory.sites.allSatisfy { $0.gateway.platform == .linux })
    }

    @Test func faultsBetweenFilesNameBoth() throws {
        let site = "{gateway: {public: 203.0.113.10, private: 10.1.0.1}, networks: [10.1.0.0/16]}"
        let load = Inventory.load([
            InventoryFile(name: "a.yaml", text: "version: 1\nmesh: acme\ndefaults: {}\nsites:\n  berlin: \(site)\n"),
            InventoryFile(
                name: "b.yaml", text: "version: 1\nmesh: acne\ndefaults: {}\nsites:\n  berlin: \(site)\n  oslo: \(site)\n"),
        ])
        #expect(load.inventory == nil)
        #expect(
            load.diagnostics.map { "\($0.location) \($0.rule) \($0.related?.description ?? "-")" } == [
                "b.yaml:2:7 contradiction a.yaml:2:7",
                "b.yaml:3:1 duplicate-key a.yaml:3:1",
                "b.yaml:5:3 duplicate-key a.yaml:5:3",
                "b.yaml:6:28 public-duplicate a.yaml:5:30",
                "b.yaml:6:73 network-overlap a.yaml:5:75",
            ])
    }

    @Test func allFaultsAreToldAtOnce() throws {
        let load = load(
            """
            version: 2
            mesh: Acme
            sites:
              berlin:
                gateway: {public: 203.0.113.10, private: 192.168.1.300, colour: red}
                networks: [192.168.1.5/24]
              tokyo:
                gateway: {public: 203.0.113.10, private: 192.168.2.1}
                networks: [192.168.0.0/16]
            """)
        #expect(
            load.diagnostics.map { "\($0.location.line) \($0.rule)" } == [
                "1 invalid-value", "2 invalid-value", "5 invalid-value", "5 unknown-key", "6 host-bits-set",
                "8 public-duplicate", "9 network-overlap",
            ])
    }

    @Test func theWayATextIsWrittenDoesNotMatter() throws {
        let six = """
            version: 1
            mesh: "six"
            sites:
              north:
                gateway:
                  public: 2001:db8::10
                  private: fd00:1::1
                networks: [fd00:1::/64, 10.1.0.0/16]
              south: {gateway: {public: [2001:db8::20], private: 'fd00:2::1'}, networks: ["fd00:2::/64"]}

            """
        let expected = try #require(load(six).inventory, "\(load(six).diagnostics)")
        #expect(expected.sites.map(\.networks.count) == [2, 1])
        #expect(load(six.replacing("\n", with: "\r\n")).inventory == expected)
        #expect(load("\u{feff}" + six).inventory == expected)
        #expect(load("# a remark: ümlaut & *more* !\n---\n" + six + "...\n").inventory == expected)
    }

    @Test func noFileAndAnEmptyFileAreFaults() {
        #expect(Inventory.load([]).diagnostics.map(\.rule) == [.missingKey])
        #expect(load("").diagnostics.map(\.rule) == [.missingKey])
    }
}

/// Loads one file.
func load(_ text: String) -> InventoryLoad {
    Inventory.load([InventoryFile(name: "mesh.yaml", text: text)])
}

/// The handbook's pair, on numbered lines that the mutations refer to.
let pair = """
    version: 1
    mesh: acme
    topology: full-mesh
    defaults: {platform: embedded, ipsec: {mode: tunnel}}
    sites:
      berlin:
        gateway: {public: 203.0.113.10, private: 192.168.1.1}
        networks: [192.168.1.0/24]
        tags: [europe]
      tokyo:
        gateway: {public: 198.51.100.20, private: 192.168.2.1}
        networks: [192.168.2.0/24]

    """

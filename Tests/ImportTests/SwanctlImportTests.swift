import Testing
import WarrenImport
import WarrenInventory
import WarrenModel

@Suite struct SwanctlImportTests {
    private func gateway(_ name: String, _ text: String) -> GatewayFolder {
        GatewayFolder(name: name, files: [GatewayFile(name: "\(name)/swanctl.conf", kind: .swanctl, text: text)])
    }

    private let berlin = """
        # site to site
        connections {
            tokyo {
                version = 2
                local_addrs = 203.0.113.10
                remote_addrs = 198.51.100.20   # their gateway
                mobike = no
                dpd_delay = 20s
                proposals = aes256gcm128-prfsha384-curve25519, aes256gcm16-prfsha256-ecp256
                local { auth = psk
                        id = 203.0.113.10 }
                remote { auth = psk }
                children {
                    nets {
                        local_ts = 192.168.1.0/24, fd00:1::/64
                        remote_ts = 192.168.2.0/24,fd00:2::/64
                        esp_proposals = aes256gcm16-x25519-esn-noesn
                        rekey_time = 2h
                        rekey_packets = 4000000000
                        start_action = trap
                    }
                }
            }
        }
        """

    private func load(_ mesh: ImportedMesh) throws -> Inventory {
        let load = Inventory.load([InventoryFile(name: "inventory", text: mesh.text)])
        return try #require(load.inventory, "\(load.diagnostics)\n\(mesh.text)")
    }

    @Test func aConnectionBecomesALink() throws {
        let tokyo = berlin.replacing("203.0.113.10", with: "X").replacing("198.51.100.20", with: "203.0.113.10")
            .replacing("X", with: "198.51.100.20").replacing("local_ts", with: "Y").replacing("remote_ts", with: "local_ts")
            .replacing("Y", with: "remote_ts")
        let mesh = Import.inventory(mesh: "Acme Corp", from: [gateway("Berlin", berlin), gateway("tokyo", tokyo)])
        let inventory = try load(mesh)
        #expect(inventory.mesh == "acme-corp")
        #expect(inventory.sites.map(\.name.description) == ["berlin", "tokyo"])
        #expect(inventory.sites[0].networks.map(\.description) == ["192.168.1.0/24", "fd00:1::/64"])
        let site = inventory.sites[1]
        #expect(site.gateway.publicAddresses.map(\.description) == ["198.51.100.20"])
        #expect(site.gateway.platform == .linux)
        #expect(
            site.gateway.ipsec.ike.proposals.map(\.description) == [
                "aes256gcm16-prfsha384-x25519", "aes256gcm16-prfsha256-ecp256",
            ])
        #expect(site.gateway.ipsec.ike.livenessSeconds == 20)
        #expect(site.gateway.ipsec.child.proposals.map(\.description) == ["aes256gcm16-x25519"])
        #expect(site.gateway.ipsec.child.lifetimeSeconds == 7200)
        #expect(site.gateway.ipsec.child.lifetimePackets == 4_000_000_000)
        // Nothing but the guess at each gateway's private address is left out.
        #expect(
            mesh.leftOut.count == 2 && mesh.leftOut.allSatisfy { $0.what.contains("a guess to correct") }, "\(mesh.leftOut)")
    }

    @Test func certificatesSecretsAndWeakProposalsAreNamed() throws {
        let text =
            berlin.replacing("local { auth = psk", with: "local { auth = pubkey").replacing(
                "aes256gcm16-prfsha256-ecp256", with: "3des-md5-modp1024")
                + """

                secrets {
                    ike-tokyo {
                        id = 198.51.100.20
                        secret = "Hunter2 } with a brace"
                    }
                }
                pools { p { addrs = 10.9.0.0/24 } }
                """
        let mesh = Import.inventory(mesh: "acme", from: [gateway("berlin", text)])
        let told = Dictionary(grouping: mesh.leftOut, by: \.line).mapValues { $0.map(\.what).joined() }
        #expect(told[9]?.contains("3des-md5-modp1024") == true)
        #expect(told[10]?.contains("pubkey") == true)
        #expect(told[26]?.contains("ike-tokyo") == true, "\(mesh.leftOut)")
        #expect(told[31]?.contains("pools") == true, "\(mesh.leftOut)")
        #expect(!mesh.text.contains("Hunter2") && !mesh.leftOut.description.contains("Hunter2"))
        #expect(try load(mesh).sites.count == 2)
    }

    @Test func timesThatNoInventoryTakesAreNamed() {
        let mesh = Import.inventory(mesh: "acme", from: [gateway("berlin", berlin.replacing("= 2h", with: "= 99999999999h"))])
        #expect(mesh.leftOut.contains { $0.line == 18 && $0.what.contains("99999999999h") }, "\(mesh.leftOut)")
        #expect(mesh.diagnostics == [])
    }

    @Test func gifTunnelsGetTheDaemonsParameters() throws {
        var folders = Handbook.folders(modern: true, policies: false)
        folders[0].files.append(
            GatewayFile(
                name: "first/swanctl.conf", kind: .swanctl,
                text: """
                    connections { link {
                      local_addrs = 203.0.113.10
                      remote_addrs = 198.51.100.20
                      proposals = aes256gcm16-prfsha384-ecp384
                      children { gif {
                        mode = transport
                        local_ts = 203.0.113.10/32[4]
                        remote_ts = 198.51.100.20/32[4]
                      } } } }
                    """))
        let mesh = Import.inventory(mesh: "handbook", from: folders)
        #expect(mesh.leftOut == [])
        let inventory = try load(mesh)
        #expect(inventory.sites[0].gateway.ipsec.mode == .transport)
        #expect(inventory.sites[0].gateway.ipsec.ike.proposals.map(\.description) == ["aes256gcm16-prfsha384-ecp384"])
        #expect(inventory.sites.map { $0.networks.map(\.description) } == [["192.168.1.0/24"], ["192.168.2.0/24"]])
    }
}

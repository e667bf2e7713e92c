import Foundation
import Testing
import WarrenImport
import WarrenInventory
import WarrenModel

/// The handbook's pair, as two gateways have it.
enum Handbook {
    static func folders(modern: Bool, keys: Bool = false, policies: Bool = true) -> [GatewayFolder] {
        [
            folder("first", "203.0.113.10", "198.51.100.20", "192.168.1", "192.168.2", modern, keys, policies),
            folder("second", "198.51.100.20", "203.0.113.10", "192.168.2", "192.168.1", modern, keys, policies),
        ]
    }

    private static func folder(
        _ name: String, _ local: String, _ remote: String, _ own: String, _ other: String, _ modern: Bool, _ keys: Bool,
        _ policies: Bool
    ) -> GatewayFolder {
        let old = """
            hostname="\(name)"
            gifconfig_gif0="\(local) \(remote)"
            ifconfig_gif0="inet \(own).1 \(other).1 netmask 0xffffffff"
            static_routes="vpn"
            route_vpn="\(other).0 \(other).1 netmask 0xffffff00"
            ipsec_enable="YES"
            ipsec_file="/etc/ipsec.conf"
            """
        let new = """
            # the tunnel
            cloned_interfaces="gif0"
            create_args_gif0='tunnel \(local) \(remote)'
            ifconfig_gif0="inet \(own).1 \(other).1 \\
                netmask 0xffffffff mtu 1400"
            gateway_enable="YES"; static_routes="vpn"
            route_vpn="-net \(other).0/24 \(other).1"
            """
        var files = [GatewayFile(name: "\(name)/rc.conf", kind: .rcConf, text: modern ? new : old)]
        if policies {
            files.append(
                GatewayFile(
                    name: "\(name)/ipsec.conf", kind: .setkey,
                    text: """
                        flush; spdflush;
                        # out, then in
                        spdadd \(local)/32 \(remote)/32 ipencap -P out ipsec esp/tunnel/\(local)-\(remote)/require;
                        spdadd \(remote)/32 \(local)/32 ipencap -P in
                            ipsec esp/tunnel/\(remote)-\(local)/require;
                        """))
        }
        if keys {
            files.append(
                GatewayFile(
                    name: "\(name)/psk.txt", kind: .preSharedKeys, text: "# peers\n\(remote) Hunter2SecretKey of two words\n"))
        }
        return GatewayFolder(name: name, files: files)
    }
}

@Suite struct HandbookImportTests {
    private func sample(_ name: String) throws -> Inventory {
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Inventory/\(name)")
        return try #require(
            Inventory.load([InventoryFile(name: name, text: String(contentsOf: url, encoding: .utf8))]).inventory)
    }

    private func load(_ mesh: ImportedMesh) throws -> Inventory {
        let load = Inventory.load([InventoryFile(name: "inventory", text: mesh.text)])
        return try #require(load.inventory, "\(load.diagnostics)\n\(mesh.text)")
    }

    @Test(arguments: [false, true]) func thePairIsTheSampleInventory(modern: Bool) throws {
        let mesh = Import.inventory(mesh: "handbook", from: Handbook.folders(modern: modern))
        #expect(mesh.leftOut == [])
        #expect(mesh.diagnostics == [])
        var expected = try sample("handbook.yaml")
        // The sample does not say what its gateways are; these have an rc.conf.
        for index in expected.sites.indices { expected.sites[index].gateway.platform = .freebsd }
        #expect(try load(mesh) == expected)
    }

    @Test func oneEndAloneMakesBothSites() throws {
        let mesh = Import.inventory(mesh: "handbook", from: [Handbook.folders(modern: false)[0]])
        let inventory = try load(mesh)
        #expect(inventory.sites.map(\.name.description) == ["first", "site-198-51-100-20"])
        #expect(inventory.sites.map(\.gateway.privateAddress.description) == ["192.168.1.1", "192.168.2.1"])
        #expect(inventory.sites[1].networks.map(\.description) == ["192.168.2.0/24"])
        #expect(
            mesh.leftOut.contains { $0.what.contains("no folder describes it") && $0.file == "first/rc.conf" && $0.line == 2 })
        #expect(mesh.leftOut.contains { $0.what.contains("the networks of first") })
    }

    @Test func keysAreToldAndNeverCopied() throws {
        let mesh = Import.inventory(mesh: "handbook", from: Handbook.folders(modern: true, keys: true))
        #expect(mesh.leftOut.map { "\($0.file):\($0.line)" } == ["first/psk.txt:2", "second/psk.txt:2"])
        #expect(!mesh.text.contains("Hunter2"))
        #expect(!mesh.leftOut.description.contains("Hunter2"))
        #expect(mesh.text.contains("#   first/psk.txt:2: the pre-shared key for '198.51.100.20'"))
        _ = try load(mesh)
    }

    @Test func theModeOfThePoliciesIsKept() throws {
        let folders = Handbook.folders(modern: false).map { folder in
            GatewayFolder(
                name: folder.name,
                files: folder.files.map { file in
                    let ends = /esp\/tunnel\/[^\/]*\/require/
                    return GatewayFile(
                        name: file.name, kind: file.kind, text: file.text.replacing(ends, with: "esp/transport//unique:102"))
                })
        }
        let mesh = Import.inventory(mesh: "handbook", from: folders)
        #expect(mesh.leftOut == [])
        #expect(try load(mesh).sites.map(\.gateway.ipsec.mode) == [.transport, .transport])
    }

    @Test func whatHasNoPlaceIsNamedWithItsLine() throws {
        var folder = Handbook.folders(modern: false)[0]
        folder.files[0].text += """

            static_routes="vpn lan lost"
            route_lan="-net 172.16.0.0/16 192.168.1.254"
            if [ -f /etc/x ]; then
            ifconfig_gif1="inet $own 10.0.0.1"
            """
        folder.files[1].text += """

            add 203.0.113.10 198.51.100.20 esp 0x1000 -E aes-cbc "0123456789abcdef;0xsecret";
            spdadd 203.0.113.10/32 192.0.2.9/32 tcp -P out ipsec esp/transport//use;
            spdadd 0.0.0.0/0 192.0.2.0/24 any -P in discard;
            """
        folder.files.append(GatewayFile(name: "first/racoon.conf", kind: .racoon, text: "remote anonymous {}\n"))
        let mesh = Import.inventory(mesh: "handbook", from: [folder])
        let told = Set(mesh.leftOut.map { "\($0.file):\($0.line)" })
        #expect(
            told.isSuperset(of: [
                "first/rc.conf:8", "first/rc.conf:9", "first/rc.conf:10", "first/rc.conf:11", "first/ipsec.conf:6",
                "first/ipsec.conf:7", "first/ipsec.conf:8", "first/racoon.conf:1",
            ]), "\(mesh.leftOut)")
        #expect(!mesh.text.contains("secret") && !mesh.text.contains("abcdef"))
        _ = try load(mesh)
    }

    @Test func aHubWithTwoSpokesStaysOne() throws {
        func gateway(_ name: String, _ number: Int, peers: [(number: Int, networks: [Int])]) -> GatewayFolder {
            var text = "static_routes=\"\(peers.flatMap(\.networks).map { "r\($0)" }.joined(separator: " "))\"\n"
            for peer in peers {
                text += "gifconfig_gif\(peer.number)=\"203.0.113.\(number) 203.0.113.\(peer.number)\"\n"
                text += "ifconfig_gif\(peer.number)=\"inet 10.0.\(number).1 10.0.\(peer.number).1 netmask 0xffffffff\"\n"
                for network in peer.networks {
                    text += "route_r\(network)=\"-net 10.0.\(network).0/24 10.0.\(peer.number).1\"\n"
                }
            }
            return GatewayFolder(name: name, files: [GatewayFile(name: "\(name)/rc.conf", kind: .rcConf, text: text)])
        }
        let mesh = Import.inventory(
            mesh: "star",
            from: [
                gateway("hub", 1, peers: [(2, [2]), (3, [3])]), gateway("one", 2, peers: [(1, [1, 3])]),
                gateway("two", 3, peers: [(1, [1, 2])]),
            ])
        #expect(mesh.leftOut == [])
        let inventory = try load(mesh)
        #expect(inventory.topology == .hubAndSpoke(hubs: [try #require(SiteName("hub"))]))
        #expect(inventory.sites.map { $0.networks.map(\.description) } == [["10.0.1.0/24"], ["10.0.2.0/24"], ["10.0.3.0/24"]])
    }

    @Test func collidingNetworksAreWrittenAndTold() {
        let folders = Handbook.folders(modern: false).map { folder in
            GatewayFolder(
                name: folder.name,
                files: folder.files.map {
                    GatewayFile(
                        name: $0.name, kind: $0.kind,
                        text: $0.text
                            + ($0.kind == .rcConf
                                ? "\nifconfig_em0=\"inet 192.168.1.1/16\"\nifconfig_em1=\"inet 192.168.2.1/16\"\n" : ""))
                })
        }
        let mesh = Import.inventory(mesh: "handbook", from: folders)
        #expect(mesh.diagnostics.contains { $0.rule == .networkOverlap }, "\(mesh.text)")
    }
}

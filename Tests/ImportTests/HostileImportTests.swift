import SeededRandom
import Testing
import WarrenImport
import WarrenInventory

@Suite struct HostileImportTests {
    private static let swanctl = """
        connections { a { local_addrs = 203.0.113.10
        remote_addrs = "198.51.100.20"
        proposals = aes256gcm16-prfsha384-x25519
        children { c { local_ts = 10.1.0.0/16[tcp/80], 10.2.0.0/16
        remote_ts = 10.3.0.0/16 } } } }
        secrets { ike { secret = 0x00 } }
        """

    @Test(arguments: 0..<40) func brokenFilesAreReadToTheEnd(seed: Int) {
        var random = SeededNumbers(seed: UInt64(seed))
        let folders = Handbook.folders(modern: seed.isMultiple(of: 2), keys: true).map { folder in
            var folder = folder
            folder.files.append(GatewayFile(name: "s", kind: .swanctl, text: Self.swanctl))
            folder.files = folder.files.map { file in
                var bytes = Array(file.text.utf8)
                for _ in 0..<8 where !bytes.isEmpty {
                    let at = Int.random(in: bytes.indices, using: &random)
                    switch Int.random(in: 0..<4, using: &random) {
                    case 0: bytes.remove(at: at)
                    case 1: bytes[at] = UInt8.random(in: 0...255, using: &random)
                    case 2:
                        bytes.insert(
                            contentsOf: "\\\"'{}=;#\n/[]$99999999999999999999:-".utf8.shuffled(using: &random).prefix(3), at: at
                        )
                    default: bytes.removeSubrange(at..<min(bytes.count, at + 12))
                    }
                }
                return GatewayFile(name: file.name, kind: file.kind, text: String(decoding: bytes, as: UTF8.self))
            }
            return folder
        }
        let mesh = Import.inventory(mesh: "hostile", from: folders)
        // Whatever they say, the text is YAML that only its values can make faulty.
        #expect(
            !mesh.diagnostics.contains { $0.rule == .syntax || $0.rule == .unknownKey || $0.rule == .controlCharacter },
            "\(mesh.text)")
    }

    @Test func deepAndEndlessTextsAreBounded() {
        let texts: [(GatewayFile.Kind, String)] = [
            (.swanctl, String(repeating: "a { ", count: 100_000)), (.swanctl, String(repeating: "}", count: 100_000)),
            (.swanctl, "a = \"" + String(repeating: "\\", count: 100_001)),
            (.rcConf, "x=\"" + String(repeating: "\\", count: 9)),
            (.rcConf, String(repeating: "ifconfig_gif0=\"tunnel\"\n", count: 20_000)),
            (.setkey, String(repeating: "spdadd ", count: 100_000)),
            (.setkey, String(repeating: "spdadd a b any -P;", count: 50_000)),
            (.preSharedKeys, String(repeating: "x\n", count: 200_000)),
        ]
        for (kind, text) in texts {
            let mesh = Import.inventory(
                mesh: "", from: [GatewayFolder(name: "!", files: [GatewayFile(name: "f", kind: kind, text: text)])])
            #expect(!mesh.leftOut.isEmpty)
            #expect(mesh.leftOut.count <= ImportLimits.remarks + 1)
        }
        let large = GatewayFile(name: "f", kind: .rcConf, text: String(repeating: "#", count: ImportLimits.folderBytes + 1))
        let mesh = Import.inventory(mesh: "m", from: [GatewayFolder(name: "large", files: [large])])
        #expect(mesh.leftOut.contains { $0.what.contains("1 MiB") })
    }

    @Test func aNameCannotLeaveItsRemark() {
        let folder = GatewayFolder(
            name: "a\nmesh: evil",
            files: [GatewayFile(name: "f\nsites: {}", kind: .preSharedKeys, text: "peer\u{1b}[31m key\n")])
        let mesh = Import.inventory(mesh: "m", from: [folder])
        #expect(!mesh.text.contains("\nmesh: evil") && !mesh.text.contains("\u{1b}") && !mesh.text.contains("\nsites: {}\n#"))
        #expect(mesh.text.split(separator: "\n").filter { $0.hasPrefix("sites:") }.count == 1)
    }
}

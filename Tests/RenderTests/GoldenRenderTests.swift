import Foundation
import Testing
import WarrenRender

@Suite struct GoldenRenderTests {
    private static let golden = Rendering.root.appending(path: "Tests/Golden/render")
    /// Set to write the expected files anew instead of comparing them.
    private static let updates = ProcessInfo.processInfo.environment["WARREN_UPDATE_GOLDEN"] == "1"

    @Test(arguments: Rendering.gateways, Rendering.targets.indices)
    func everyFileIsAsExpected(gateway: (sample: String, site: String), target: Int) throws {
        let (target, name) = Rendering.targets[target]
        let folder = Self.golden.appending(path: "\(gateway.sample)/\(gateway.site).\(name)")
        let files = try Rendering.files(gateway.sample, gateway.site, target)
        if Self.updates {
            try? FileManager.default.removeItem(at: folder)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for file in files { try file.text.write(to: folder.appending(path: file.name), atomically: true, encoding: .utf8) }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == files.map(\.name).sorted())
        for file in files {
            let expected = try String(contentsOf: folder.appending(path: file.name), encoding: .utf8)
            #expect(file.text == expected, "\(file.name) differs from Tests/Golden/render/\(folder.lastPathComponent)")
        }
    }
}

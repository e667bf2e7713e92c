import Foundation
import Testing

@Suite struct ShapeTests {
    private func everything() throws -> [SourceTree.File] {
        try ["Sources", "Agents", "Tests"].flatMap(SourceTree.files)
    }

    @Test func noFileIsOver600Lines() throws {
        for file in try everything() {
            #expect(file.lines.count <= 600, "\(file.path) has \(file.lines.count) lines: split it")
        }
    }

    @Test func theMedianFileIsShort() throws {
        let lengths = try everything().map(\.lines.count).sorted()
        let median = try #require(lengths.isEmpty ? nil : lengths[lengths.count / 2])
        #expect(median <= 150, "the median Swift file has \(median) lines")
    }

    @Test func noDrawersCalledUtility() throws {
        let banned = ["Utils", "Helpers", "Extras", "Manager", "Common", "Misc"]
        for file in try everything() {
            let name = file.path.split(separator: "/").last.map(String.init) ?? ""
            #expect(!banned.contains { name.contains($0) }, "\(file.path): name it after what it holds")
        }
    }

    @Test func inputCannotMeetATrap() throws {
        let traps: [Regex<Substring>] = [/\bfatalError\(/, /\btry!/, /\bas!/, /\bpreconditionFailure\(/]
        for file in try SourceTree.files(in: "Sources") + SourceTree.files(in: "Agents") {
            for (number, line) in file.lines.enumerated() where !line.drop(while: { $0 == " " }).hasPrefix("//") {
                for trap in traps {
                    #expect(line.firstMatch(of: trap) == nil, "\(file.path):\(number + 1): \(line)")
                }
            }
        }
    }

    @Test func everySampleInventoryHasAGoldenPlan() throws {
        let root = SourceTree.root
        let samples = try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "Inventory").path)
            .filter { $0.hasSuffix(".yaml") }
        #expect(samples.count >= 2)
        let golden = try #require(FileManager.default.enumerator(atPath: root.appending(path: "Tests/Golden").path))
            .compactMap { ($0 as? String)?.split(separator: "/").last.map(String.init) }
        for sample in samples {
            let name = sample.dropLast(".yaml".count)
            #expect(golden.contains { $0.hasPrefix("\(name).") }, "Inventory/\(sample) has no file in Tests/Golden")
        }
    }

    @Test func everyRejectedInventoryHasItsMessages() throws {
        let folder = SourceTree.root.appending(path: "Inventory/rejected")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        // The second and later files of one inventory are `<rule>.2.yaml`, …
        for name in names where name.hasSuffix(".yaml") {
            let rule = name.split(separator: ".")[0]
            #expect(names.contains("\(rule).expected"), "\(name) has no twin")
        }
    }
}

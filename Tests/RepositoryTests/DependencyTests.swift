import Foundation
import Testing

/// Which modules of ours a module may import. SwiftPM lets a target import a transitive module silently; this does not.
private let allowedImports: [(folder: String, module: String, may: Set<String>)] = [
    ("Sources/Model", "WarrenModel", []),
    ("Sources/Inventory", "WarrenInventory", ["WarrenModel"]),
    ("Sources/Import", "WarrenImport", ["WarrenModel", "WarrenInventory"]),
    ("Sources/Plan", "WarrenPlan", ["WarrenModel", "WarrenInventory"]),
    ("Sources/Keys", "WarrenKeys", ["WarrenModel"]),
    ("Sources/Metrics", "WarrenMetrics", ["WarrenModel"]),
    ("Sources/Logs", "WarrenLogs", []),
    ("Sources/Notify", "WarrenNotify", ["WarrenModel", "WarrenStore", "WarrenController"]),
    ("Sources/NFTables", "NFTables", ["WarrenModel"]),
    ("Sources/Render", "WarrenRender", ["WarrenModel", "WarrenInventory", "WarrenPlan", "NFTables"]),
    ("Sources/Rollout", "WarrenRollout", ["WarrenModel", "WarrenInventory", "WarrenPlan"]),
    ("Sources/Status", "WarrenStatus", ["WarrenModel", "WarrenPlan"]),
    ("Sources/Trust", "WarrenTrust", []),
    ("Sources/Wire", "WarrenWire", ["WarrenModel", "WarrenPlan", "WarrenStatus", "AgentCore"]),
    ("Sources/Store", "WarrenStore", ["WarrenModel", "WarrenInventory", "WarrenPlan", "WarrenRollout", "WarrenTrust"]),
    (
        "Sources/Controller", "WarrenController",
        [
            "WarrenModel", "WarrenKeys", "WarrenInventory", "WarrenPlan", "WarrenRollout", "WarrenStatus", "WarrenWire",
            "WarrenStore", "WarrenTrust", "AgentCore",
        ]
    ),
    (
        "Sources/APIModel", "WarrenAPIModel",
        ["WarrenModel", "WarrenInventory", "WarrenPlan", "WarrenRollout", "WarrenStatus"]
    ),
    (
        "Sources/API", "WarrenAPI",
        [
            "WarrenModel", "WarrenInventory", "WarrenPlan", "WarrenRollout", "WarrenStatus", "WarrenStore", "WarrenController",
            "WarrenAPIModel", "WarrenMetrics",
        ]
    ),
    (
        "Sources/Client", "WarrenClient",
        ["WarrenModel", "WarrenInventory", "WarrenPlan", "WarrenRollout", "WarrenStatus", "WarrenAPIModel"]
    ),
    (
        "Sources/Lab", "WarrenLab",
        ["WarrenModel", "WarrenInventory", "WarrenPlan", "WarrenStatus", "WarrenAPIModel", "WarrenClient"]
    ),
    (
        "Sources/CLI", "WarrenCLI",
        [
            "WarrenModel", "WarrenKeys", "WarrenRender", "WarrenInventory", "WarrenImport", "WarrenPlan", "WarrenStatus",
            "WarrenAPIModel", "WarrenRollout", "WarrenClient", "WarrenLab", "WarrenBackup", "WarrenBuild",
        ]
    ),
    ("Sources/Backup", "WarrenBackup", ["WarrenModel", "WarrenStore", "WarrenController"]),
    ("Sources/Failpoints", "WarrenFailpoints", []),
    ("Sources/Build", "WarrenBuild", ["WarrenModel", "CBuild"]),
    ("Agents/AgentCore", "AgentCore", ["WarrenModel", "WarrenPlan"]),
    ("Agents/DataPlane", "DataPlane", ["WarrenModel", "WarrenPlan", "AgentCore"]),
    (
        "Agents/EmbeddedDataPlane", "EmbeddedDataPlane",
        ["WarrenModel", "WarrenPlan", "AgentCore", "DataPlane", "TunnelControl", "NFTables", "CWarrenSystem"]
    ),
    (
        "Agents/AgentRuntime", "AgentRuntime",
        [
            "WarrenModel", "WarrenPlan", "WarrenTrust", "AgentCore", "DataPlane", "WarrenWire", "WarrenMetrics",
            "CWarrenSystem",
        ]
    ),
    ("Agents/ESP", "ESP", ["WarrenModel", "CLibcrypto", "CMultiBuffer", "CBoringSSL"]),
    ("Agents/IKEv2", "IKEv2", ["WarrenModel", "ESP"]),
    ("Agents/TunnelControl", "TunnelControl", ["WarrenModel", "CWarrenSystem"]),
    ("Agents/TunnelCore", "TunnelCore", ["WarrenModel", "ESP", "IKEv2"]),
    (
        "Agents/Tunnel", "Tunnel",
        ["WarrenModel", "ESP", "IKEv2", "TunnelCore", "TunnelControl", "CWarrenSystem", "CLibcrypto"]
    ),
    ("Sources/Executables/warren", "warren", ["WarrenCLI"]),
    ("Sources/Manual", "WarrenManual", []),
    ("Sources/Executables/warren-manual", "warren_manual", ["WarrenManual"]),
    (
        "Sources/Executables/warrend", "warrend",
        ["WarrenModel", "WarrenStore", "WarrenController", "WarrenAPI", "WarrenNotify", "WarrenLogs", "WarrenBuild"]
    ),
    (
        "Agents/warren-agent", "warren_agent",
        ["WarrenModel", "AgentCore", "AgentRuntime", "DataPlane", "EmbeddedDataPlane", "WarrenLogs", "WarrenBuild"]
    ),
    ("Agents/warren-tunneld", "warren_tunneld", ["Tunnel", "ESP", "WarrenLogs", "WarrenBuild"]),
]

/// Modules whose code takes values and time and returns values.
private let pureFolders = [
    "Sources/Model", "Sources/Inventory", "Sources/Import", "Sources/Plan", "Sources/Keys", "Sources/NFTables",
    "Sources/Render", "Sources/Rollout", "Sources/Manual",
    "Sources/Status", "Sources/Trust",
    "Agents/AgentCore", "Agents/ESP", "Agents/IKEv2", "Agents/TunnelCore",
]

/// Modules in C, ours or with our module map.
private let inC: Set<String> = ["CWarrenSystem", "CLibcrypto", "CBuild", "CMultiBuffer", "CBoringSSL"]

/// What a pure module may import from outside: parsers and cryptographic primitives.
private let pureImports: Set<String> = ["CYaml", "Yams", "Crypto", "CLibcrypto", "CMultiBuffer", "CBoringSSL"]

@Suite struct DependencyTests {
    @Test func everyModuleIsListed() throws {
        let listed = allowedImports.map(\.folder)
        for file in try SourceTree.files(in: "Sources") + SourceTree.files(in: "Agents") {
            #expect(listed.contains { file.path.hasPrefix($0 + "/") }, "\(file.path) belongs to no listed module")
        }
    }

    @Test(arguments: allowedImports.indices)
    func importsPointOneWay(index: Int) throws {
        let rule = allowedImports[index]
        let ours = Set(allowedImports.map(\.module)).union(inC)
        // Whatever has effects may be made to die between two of them.
        let may = pureFolders.contains(rule.folder) ? rule.may : rule.may.union(["WarrenFailpoints"])
        for file in try SourceTree.files(in: rule.folder) {
            let foreign = file.imports.intersection(ours).subtracting(may)
            #expect(foreign.isEmpty, "\(file.path) must not import \(foreign.sorted().joined(separator: ", "))")
        }
    }

    @Test(arguments: pureFolders)
    func pureModulesHaveNoEffects(folder: String) throws {
        let ours = Set(allowedImports.map(\.module))
        let effects: [Regex<Substring>] = [
            /\bContinuousClock\b/, /\bSuspendingClock\b/, /\bDate\(\)/, /\bSystemRandomNumberGenerator\b/, /\basync\b/,
            /\bawait\b/, /\bTask\s*[.{]/, /\bprint\(/, /\bFileManager\b/, /\bLogger\b/, /\bThread\b/,
        ]
        let files = try SourceTree.files(in: folder)
        #expect(!files.isEmpty)
        for file in files {
            let outside = file.imports.subtracting(ours).subtracting(pureImports)
            #expect(outside.isEmpty, "\(file.path) is in a pure module and imports \(outside.sorted().joined(separator: ", "))")
            for (number, line) in file.lines.enumerated() where !line.drop(while: { $0 == " " }).hasPrefix("//") {
                for effect in effects {
                    #expect(line.firstMatch(of: effect) == nil, "\(file.path):\(number + 1): an effect: \(line)")
                }
            }
        }
    }

    @Test func onlyMainFilesNameConcreteDrivers() throws {
        for file in try SourceTree.files(in: "Sources") + SourceTree.files(in: "Agents")
        where file.imports.contains("EmbeddedDataPlane") {
            #expect(file.path.hasPrefix("Agents/warren-agent/"), "\(file.path) imports a concrete driver")
        }
    }
}

// swift-tools-version: 6.1
import PackageDescription

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let grpc: [Target.Dependency] = [
    .product(name: "GRPCCore", package: "grpc-swift-2"),
    .product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport"),
    .product(name: "GRPCProtobuf", package: "grpc-swift-protobuf"),
    .product(name: "SwiftProtobuf", package: "swift-protobuf"),
]
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle: [Target.Dependency] = [
    .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
    .product(name: "UnixSignals", package: "swift-service-lifecycle"),
]
let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOTLS", package: "swift-nio"),
    .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
    .product(name: "NIOSSL", package: "swift-nio-ssl"),
    .product(name: "NIOFoundationCompat", package: "swift-nio"),
]
let certificates: [Target.Dependency] = [
    .product(name: "X509", package: "swift-certificates"),
    .product(name: "SwiftASN1", package: "swift-asn1"),
    crypto,
]

// What a packet passes is compiled as one: its generic parts are made for the one cipher, and what the compiler could not prove
// to be the only access at a time is not asked at run time, packet by packet. `make bench-packets` counts what that saves.
let packetPath: [SwiftSetting] = [
    .unsafeFlags(["-cross-module-optimization", "-enforce-exclusivity=unchecked"], .when(configuration: .release))
]

// What decides, of plans, roll-outs and links: its values are small, and made and compared by the million, in other modules too.
let decisions: [SwiftSetting] = [.unsafeFlags(["-cross-module-optimization"], .when(configuration: .release))]

// The simulator spends a third of its time in the standard library, by calls of a few instructions each: with the library linked
// into it, they are direct ones. Its objects name the shared libraries that they need; the archives need each other, too.
let ownLibrary: [LinkerSetting] = [
    .unsafeFlags(
        ["-static-stdlib", "-Xlinker", "--start-group"]
            + [
                "Foundation", "CoreFoundation", "_CFXMLInterface", "_CFURLSessionInterface", "FoundationEssentials",
                "FoundationInternationalization", "_FoundationCollections", "_FoundationICU", "_FoundationCShims",
            ].map { "-l\($0)" } + ["-Xlinker", "--end-group", "-lstdc++"],
        .when(platforms: [.linux], configuration: .release))
]

let package = Package(
    name: "warren",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "warren", targets: ["warren"]),
        .executable(name: "warrend", targets: ["warrend"]),
        .executable(name: "warren-agent", targets: ["warren-agent"]),
        .executable(name: "warren-tunneld", targets: ["warren-tunneld"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/grpc/grpc-swift-2", from: "2.4.3"),
        .package(url: "https://github.com/grpc/grpc-swift-nio-transport", from: "2.9.2"),
        .package(url: "https://github.com/grpc/grpc-swift-protobuf", from: "2.4.1"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
    ],
    targets: [
        // Where a program can be made to die, for the tests of what it leaves behind.
        .target(name: "WarrenFailpoints", path: "Sources/Failpoints"),

        // What `make` tells a build of itself.
        .target(
            name: "CBuild", path: "Sources/CBuild",
            cSettings: ["WARREN_COMMIT", "WARREN_COMPILER"].compactMap { name in
                Context.environment[name].map { .define(name, to: "\"\($0)\"") }
            }),
        .target(name: "WarrenBuild", dependencies: ["WarrenModel", "CBuild"], path: "Sources/Build"),

        // Pure: values in, values out.
        .target(name: "WarrenModel", path: "Sources/Model", swiftSettings: decisions),
        .target(
            name: "WarrenInventory", dependencies: ["WarrenModel", .product(name: "Yams", package: "Yams")],
            path: "Sources/Inventory", swiftSettings: decisions),
        .target(name: "WarrenImport", dependencies: ["WarrenModel", "WarrenInventory"], path: "Sources/Import"),
        .target(
            name: "WarrenPlan", dependencies: ["WarrenModel", "WarrenInventory"], path: "Sources/Plan", swiftSettings: decisions
        ),
        .target(name: "WarrenKeys", dependencies: ["WarrenModel", crypto], path: "Sources/Keys"),
        .target(name: "NFTables", dependencies: ["WarrenModel"], path: "Sources/NFTables"),
        .target(
            name: "WarrenRender", dependencies: ["WarrenModel", "WarrenInventory", "WarrenPlan", "NFTables"],
            path: "Sources/Render"),
        .target(
            name: "WarrenRollout", dependencies: ["WarrenModel", "WarrenInventory", "WarrenPlan"], path: "Sources/Rollout",
            swiftSettings: decisions),
        .target(
            name: "WarrenStatus", dependencies: ["WarrenModel", "WarrenPlan"], path: "Sources/Status", swiftSettings: decisions),
        .target(name: "WarrenTrust", path: "Sources/Trust"),
        .target(
            name: "AgentCore", dependencies: ["WarrenModel", "WarrenPlan"], path: "Agents/AgentCore", swiftSettings: decisions),
        .target(
            name: "CMultiBuffer", path: "Agents/CMultiBuffer",
            linkerSettings: [.linkedLibrary("crypto")]),
        .target(name: "CBoringSSL", dependencies: [crypto], path: "Agents/CBoringSSL"),
        .target(
            name: "ESP", dependencies: ["WarrenModel", "CLibcrypto", "CMultiBuffer", "CBoringSSL"], path: "Agents/ESP",
            swiftSettings: packetPath),
        .target(
            name: "IKEv2", dependencies: ["WarrenModel", "ESP", crypto], path: "Agents/IKEv2", exclude: ["README.md"]),
        .target(name: "TunnelCore", dependencies: ["WarrenModel", "ESP", "IKEv2"], path: "Agents/TunnelCore"),

        .target(name: "WarrenMetrics", dependencies: ["WarrenModel"], path: "Sources/Metrics"),
        .target(name: "WarrenLogs", dependencies: [logging], path: "Sources/Logs"),

        // The controller's side.
        .target(
            name: "WarrenWire", dependencies: ["WarrenModel", "WarrenPlan", "WarrenStatus", "AgentCore"] + grpc,
            path: "Sources/Wire", exclude: ["agent.proto"]),
        .target(
            name: "WarrenStore",
            dependencies: [
                "WarrenModel", "WarrenInventory", "WarrenPlan", "WarrenRollout", "WarrenTrust", "WarrenFailpoints", grdb,
            ],
            path: "Sources/Store"),
        .target(
            name: "WarrenController",
            dependencies: [
                "WarrenModel", "WarrenKeys", "WarrenInventory", "WarrenPlan", "WarrenRollout", "WarrenStatus", "WarrenWire",
                "WarrenStore", "WarrenTrust", "AgentCore", "WarrenFailpoints",
                logging,
            ] + certificates + grpc + lifecycle + nio,
            path: "Sources/Controller"),
        .target(name: "CFileExchange", path: "Sources/CFileExchange", cSettings: [.define("_GNU_SOURCE", to: "1")]),
        .target(
            name: "WarrenBackup",
            dependencies: ["WarrenModel", "WarrenStore", "WarrenController", "WarrenFailpoints", "CFileExchange", crypto],
            path: "Sources/Backup"),
        .target(
            name: "WarrenAPIModel",
            dependencies: ["WarrenModel", "WarrenInventory", "WarrenPlan", "WarrenRollout", "WarrenStatus"],
            path: "Sources/APIModel"),
        // The dashboard's pages, within the program.
        .target(name: "CDashboard", path: "Sources/Dashboard", exclude: ["Web"]),
        .target(
            name: "WarrenAPI",
            dependencies: [
                "WarrenModel", "WarrenPlan", "WarrenRollout", "WarrenStatus", "WarrenStore", "WarrenController",
                "WarrenAPIModel", "WarrenMetrics", "CDashboard",
                "WarrenInventory",
                logging, crypto,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
            ] + nio + lifecycle,
            path: "Sources/API"),
        .target(
            name: "WarrenNotify",
            dependencies: ["WarrenModel", "WarrenStore", "WarrenController", logging, crypto, asyncHTTPClient] + nio
                + lifecycle,
            path: "Sources/Notify"),
        .target(
            name: "WarrenLab",
            dependencies: ["WarrenModel", "WarrenInventory", "WarrenPlan", "WarrenStatus", "WarrenAPIModel", "WarrenClient"],
            path: "Sources/Lab"),
        .target(
            name: "WarrenClient",
            dependencies: [
                "WarrenModel", "WarrenInventory", "WarrenPlan", "WarrenRollout", "WarrenStatus", "WarrenAPIModel",
                asyncHTTPClient,
            ] + nio,
            path: "Sources/Client"),
        .target(
            name: "WarrenCLI",
            dependencies: [
                "WarrenModel", "WarrenKeys", "WarrenRender", "WarrenInventory", "WarrenImport", "WarrenPlan", "WarrenStatus",
                "WarrenAPIModel", "WarrenRollout",
                "WarrenClient", "WarrenLab", "WarrenBackup", "WarrenBuild",
                argumentParser, .product(name: "Yams", package: "Yams"),
            ],
            path: "Sources/CLI"),
        .executableTarget(name: "warren", dependencies: ["WarrenCLI"], path: "Sources/Executables/warren"),
        // Manual pages, from what the programs say of themselves.
        .target(name: "WarrenManual", path: "Sources/Manual"),
        .executableTarget(
            name: "warren-manual", dependencies: ["WarrenManual"], path: "Sources/Executables/warren-manual"),
        .executableTarget(
            name: "warrend",
            dependencies: [
                "WarrenModel", "WarrenController", "WarrenAPI", "WarrenNotify", "WarrenLogs", "WarrenBuild",
                argumentParser, logging,
            ] + lifecycle,
            path: "Sources/Executables/warrend"),

        // The gateway's side.
        // The feature macro is for the C files alone: in a header, it would make the C types differ from those of Swift's Glibc.
        .target(name: "CWarrenSystem", path: "Agents/CWarrenSystem", cSettings: [.define("_GNU_SOURCE", to: "1")]),
        .systemLibrary(
            name: "CLibcrypto", path: "Agents/CLibcrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(name: "TunnelControl", dependencies: ["WarrenModel", "CWarrenSystem"], path: "Agents/TunnelControl"),
        .target(name: "DataPlane", dependencies: ["WarrenModel", "WarrenPlan", "AgentCore"], path: "Agents/DataPlane"),
        .target(
            name: "EmbeddedDataPlane",
            dependencies: [
                "WarrenModel", "WarrenPlan", "AgentCore", "DataPlane", "TunnelControl", "NFTables", "CWarrenSystem", logging,
                "WarrenFailpoints",
            ],
            path: "Agents/EmbeddedDataPlane"),
        .target(
            name: "AgentRuntime",
            dependencies: [
                "WarrenModel", "WarrenPlan", "WarrenTrust", "AgentCore", "DataPlane", "WarrenWire", "WarrenMetrics",
                "CWarrenSystem",
                "WarrenFailpoints", logging, .product(name: "NIOHTTP1", package: "swift-nio"),
            ] + certificates + grpc + lifecycle + nio,
            path: "Agents/AgentRuntime"),
        .target(
            name: "Tunnel",
            dependencies: [
                "WarrenModel", "ESP", "IKEv2", "TunnelCore", "TunnelControl", "CWarrenSystem", "CLibcrypto", "WarrenFailpoints",
                logging,
            ],
            path: "Agents/Tunnel", exclude: ["README.md"], swiftSettings: packetPath),
        .executableTarget(
            name: "warren-agent",
            dependencies: [
                "AgentCore", "AgentRuntime", "DataPlane", "EmbeddedDataPlane", "WarrenModel", "WarrenLogs", "WarrenBuild",
                argumentParser, logging,
            ] + lifecycle,
            path: "Agents/warren-agent"),
        .executableTarget(
            name: "warren-tunneld", dependencies: ["Tunnel", "ESP", "WarrenLogs", "WarrenBuild", argumentParser, logging],
            path: "Agents/warren-tunneld"),

        // Tests.
        .testTarget(
            name: "LabTests",
            dependencies: [
                "SeededRandom",
                "WarrenModel", "WarrenInventory", "WarrenPlan", "WarrenStatus", "WarrenClient", "WarrenLab", "AgentRuntime",
                "TunnelControl",
            ],
            path: "Tests/LabTests"),
        .testTarget(
            name: "CLITests",
            dependencies: [
                "WarrenModel", "WarrenStatus", "WarrenAPIModel", "WarrenRollout", "WarrenClient", "WarrenCLI", "WarrenManual",
                "warren", "warrend", "warren-agent", "warren-tunneld",
            ],
            path: "Tests/CLITests"),
        .testTarget(
            name: "IKEv2Tests", dependencies: ["WarrenModel", "ESP", "IKEv2", "IKEHarness", "SeededRandom", crypto],
            path: "Tests/IKEv2Tests"),
        // A gateway's SAs without packets.
        .target(name: "IKEHarness", dependencies: ["WarrenModel", "ESP", "IKEv2"], path: "Tests/Support/ike-harness"),
        .target(name: "SeededRandom", path: "Tests/Support/seeded-random"),
        .testTarget(name: "ModelTests", dependencies: ["SeededRandom", "WarrenModel"], path: "Tests/ModelTests"),
        .testTarget(
            name: "InventoryTests", dependencies: ["SeededRandom", "WarrenModel", "WarrenInventory"],
            path: "Tests/InventoryTests"),
        .testTarget(
            name: "ImportTests", dependencies: ["SeededRandom", "WarrenModel", "WarrenInventory", "WarrenImport"],
            path: "Tests/ImportTests"),
        .testTarget(
            name: "PlanTests", dependencies: ["SeededRandom", "WarrenModel", "WarrenInventory", "WarrenPlan"],
            path: "Tests/PlanTests"),
        .testTarget(
            name: "RolloutTests",
            dependencies: ["SeededRandom", "WarrenModel", "WarrenInventory", "WarrenPlan", "WarrenRollout"],
            path: "Tests/RolloutTests"),
        // A mesh in simulated time: the library, the program that plays seeds, and the seeds that the tests play.
        .target(
            name: "Simulation",
            dependencies: [
                "WarrenModel", "WarrenInventory", "WarrenPlan", "WarrenRollout", "WarrenStatus", "AgentCore", "ESP", "IKEv2",
                "TunnelCore", "IKEHarness", "SeededRandom", "WarrenTrust", "WarrenFailpoints",
            ],
            path: "Tests/Simulation/Simulation", swiftSettings: packetPath),
        .executableTarget(
            name: "warren-simulate", dependencies: ["Simulation"], path: "Tests/Simulation/warren-simulate",
            linkerSettings: ownLibrary),
        .testTarget(
            name: "SimulationTests", dependencies: ["Simulation", "warren-simulate", "WarrenFailpoints"],
            path: "Tests/Simulation/SimulationTests"),
        .testTarget(name: "TrustTests", dependencies: ["WarrenTrust"], path: "Tests/TrustTests"),
        .target(
            name: "FuzzTargets", dependencies: ["WarrenModel", "WarrenInventory", "WarrenPlan"], path: "Tests/Fuzz/Targets"),
        // The packet path without its thread, packets that are easy to believe, and what is fuzzed with both.
        .target(
            name: "PacketHarness", dependencies: ["WarrenModel", "ESP", "Tunnel", "CWarrenSystem"],
            path: "Tests/Support/packet-harness"),
        .target(
            name: "PacketFuzzTargets", dependencies: ["WarrenModel", "ESP", "Tunnel", "PacketHarness"],
            path: "Tests/Fuzz/Packets"),
        .testTarget(
            name: "FuzzTests", dependencies: ["SeededRandom", "FuzzTargets", "PacketFuzzTargets"], path: "Tests/Fuzz/Smoke"),
        .testTarget(
            name: "RenderTests",
            dependencies: ["WarrenModel", "WarrenInventory", "WarrenPlan", "WarrenKeys", "WarrenRender"],
            path: "Tests/RenderTests"),
        .testTarget(
            name: "WireTests", dependencies: ["WarrenWire", "WarrenModel", "WarrenPlan", "AgentCore"], path: "Tests/WireTests",
            exclude: ["Fixtures"]),
        .testTarget(
            name: "StoreTests", dependencies: ["WarrenStore", "WarrenModel", "WarrenInventory", "WarrenPlan", "WarrenRollout"],
            path: "Tests/StoreTests"),
        .testTarget(
            name: "BackupTests",
            dependencies: [
                "WarrenBackup", "WarrenController", "WarrenStore", "WarrenInventory", "WarrenModel", logging,
            ],
            path: "Tests/BackupTests"),
        .testTarget(
            name: "FailpointTests",
            dependencies: [
                "WarrenFailpoints", "WarrenLab", "WarrenClient", "WarrenInventory", "WarrenModel", "WarrenStatus",
                "AgentRuntime", "AgentCore",
            ],
            path: "Tests/FailpointTests"),
        .target(
            name: "CPowerCut", path: "Tests/Support/power-cut", linkerSettings: [.linkedLibrary("sqlite3")]),
        .testTarget(
            name: "PowerCutTests",
            dependencies: ["SeededRandom", "CPowerCut", "WarrenStore", "WarrenModel", "WarrenInventory", "WarrenPlan", grdb],
            path: "Tests/PowerCutTests"),
        .testTarget(
            name: "StatusTests", dependencies: ["WarrenStatus", "WarrenModel", "WarrenPlan"], path: "Tests/StatusTests"),
        .testTarget(
            name: "ControllerTests",
            dependencies: [
                "WarrenController", "WarrenStore", "WarrenWire", "WarrenModel", "WarrenKeys", "WarrenInventory", "WarrenPlan",
                "WarrenRollout", "WarrenStatus", "WarrenBackup",
                "AgentCore",
                logging,
            ] + certificates + grpc + lifecycle,
            path: "Tests/ControllerTests"),
        .testTarget(
            name: "NotifyTests",
            dependencies: [
                "WarrenNotify", "WarrenLogs", "WarrenController", "WarrenStore", "WarrenInventory", "WarrenModel", logging,
                crypto, asyncHTTPClient, .product(name: "Hummingbird", package: "hummingbird"),
            ] + nio + lifecycle, path: "Tests/NotifyTests"),
        .testTarget(
            name: "APITests",
            dependencies: [
                "WarrenAPI", "WarrenController", "WarrenAPIModel", "WarrenModel", "WarrenPlan", "WarrenRollout", "WarrenStatus",
                "WarrenMetrics",
                logging,
                asyncHTTPClient,
            ]
                + nio + lifecycle,
            path: "Tests/APITests"),
        .testTarget(
            name: "AgentCoreTests", dependencies: ["SeededRandom", "AgentCore", "WarrenModel", "WarrenPlan"],
            path: "Tests/AgentCoreTests"),
        .testTarget(
            name: "AgentRuntimeTests",
            dependencies: [
                "AgentRuntime", "AgentCore", "DataPlane", "WarrenController", "WarrenInventory", "WarrenModel", "WarrenPlan",
                "WarrenWire", "WarrenMetrics", "trial-agent", logging,
            ] + grpc + nio,
            path: "Tests/AgentRuntimeTests", exclude: ["Fixtures"]),
        // A program that the tests of AgentRuntime kill.
        .executableTarget(
            name: "trial-agent",
            dependencies: ["WarrenModel", "WarrenPlan", "WarrenWire", "AgentCore", "AgentRuntime", "DataPlane", logging],
            path: "Tests/Support/trial-agent"),
        .executableTarget(
            name: "warren-bench",
            dependencies: ["SeededRandom", "WarrenModel", "WarrenInventory", "WarrenPlan", "WarrenStatus", "ESP"],
            path: "Tests/Benchmarks"),
        // A thousand agents on one real controller.
        .executableTarget(
            name: "warren-load",
            dependencies: [
                "WarrenModel", "WarrenInventory", "WarrenPlan", "WarrenStatus", "WarrenWire", "AgentCore", "AgentRuntime",
                "WarrenAPIModel", "WarrenCLI", "WarrenClient", logging,
            ] + grpc,
            path: "Tests/Load"),
        .testTarget(
            name: "TunnelControlTests", dependencies: ["TunnelControl", "WarrenModel"], path: "Tests/TunnelControlTests"),
        .testTarget(
            name: "DriverConformance",
            dependencies: [
                "SeededRandom",
                "AgentRuntime", "DataPlane", "EmbeddedDataPlane", "AgentCore", "WarrenModel", "WarrenPlan", "TunnelControl",
                "warren-tunneld",
                logging,
            ],
            path: "Tests/DriverConformance"),
        .testTarget(name: "ESPTests", dependencies: ["WarrenModel", "ESP"], path: "Tests/ESPTests"),
        .testTarget(
            name: "TunnelTests",
            dependencies: [
                "WarrenModel", "ESP", "IKEv2", "TunnelCore", "Tunnel", "TunnelControl", "CWarrenSystem", "PacketHarness",
                "warren-tunneld",
            ],
            path: "Tests/TunnelTests"),
        // What a packet costs, counted by `make bench-packets`.
        .executableTarget(
            name: "warren-packet-cost", dependencies: ["WarrenModel", "ESP", "Tunnel", "CWarrenSystem"],
            path: "Tests/PacketCost", exclude: ["cost.py", "budget.json"]),
        // A stream of datagrams for `make bench-dataplane`.
        .executableTarget(
            name: "udp-stream", path: "Tests/DataPlaneBench/udp-stream", cSettings: [.define("_GNU_SOURCE", to: "1")]),
        .testTarget(name: "RepositoryTests", path: "Tests/RepositoryTests"),
        // What runs in the lab's guests, and the tests that judge it.
        .executableTarget(
            name: "tunnel-control",
            dependencies: [
                "WarrenModel", "WarrenInventory", "WarrenPlan", "AgentCore", "DataPlane", "EmbeddedDataPlane", "TunnelControl",
                logging,
            ],
            path: "Tests/Support/tunnel-control"),
        .testTarget(
            name: "InteropTests", dependencies: ["WarrenModel", "WarrenPlan", "TunnelControl", "WarrenLab"],
            path: "Tests/InteropTests"),
    ],
    swiftLanguageModes: [.v6]
)

// `make check` sets this: a warning of ours is an error. Dependencies keep their own rules.
if Context.environment["WARREN_WARNINGS_ARE_ERRORS"] != nil {
    for target in package.targets where target.type != .system {
        target.swiftSettings = (target.swiftSettings ?? []) + [.unsafeFlags(["-warnings-as-errors"])]
    }
}

// `make fuzz` sets this to libFuzzer's runtime: what is fuzzed is instrumented, and driven by it.
if let fuzzer = Context.environment["WARREN_FUZZER"] {
    let fuzzed = [
        "WarrenModel", "WarrenInventory", "WarrenPlan", "FuzzTargets", "ESP", "Tunnel", "PacketHarness", "PacketFuzzTargets",
    ]
    for target in package.targets where fuzzed.contains(target.name) {
        target.swiftSettings = (target.swiftSettings ?? []) + [.unsafeFlags(["-sanitize=fuzzer", "-enable-testing"])]
    }
    package.targets.append(
        .executableTarget(
            name: "warren-fuzz", dependencies: ["FuzzTargets", "PacketFuzzTargets"], path: "Tests/Fuzz/Driver",
            swiftSettings: [.unsafeFlags(["-parse-as-library"])],
            linkerSettings: [.unsafeFlags(["-Xlinker", fuzzer, "-lstdc++", "-lm"])]))
}

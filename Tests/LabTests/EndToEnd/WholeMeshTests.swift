import Foundation
import Glibc
import Testing
import WarrenClient
import WarrenModel
import WarrenStatus

@testable import WarrenLab

/// The built programs, whole meshes, real packets. As root; without root or a program they fail, they do not skip.
@Suite(.serialized) struct WholeMeshTests {
    private func renamed(_ name: String, mesh: String) throws -> String {
        try BuiltPrograms.write(BuiltPrograms.renamed(BuiltPrograms.sampleText(name), mesh: mesh), name: mesh)
    }

    @Test func theDemonstrationHolds() async throws {
        let file = try renamed("five-sites.yaml", mesh: "lab-test-demo"), devices = try BuiltPrograms.rootDevices()
        defer { unlink(file) }
        let demo = try await BuiltPrograms.warren("lab", "demo", file)
        #expect(demo.succeeded, "\(demo.output)\(demo.errorOutput)")
        #expect(demo.output.contains("10 of 10 links up"))
        #expect(demo.output.contains("the same 40 security associations as before"))
        #expect(try !LabStatus(LabNames(mesh: "lab-test-demo")).isUp)
        #expect(try BuiltPrograms.rootDevices() == devices)
    }

    @Test(arguments: [
        "handbook.yaml", "ipv6-outer.yaml", "transport.yaml", "overlapping-with-translate.yaml", "hub-and-spoke.yaml",
    ])
    func otherInventoriesHold(name: String) async throws {
        let mesh = "lab-test-\(name.prefix(3))"
        let file = try renamed(name, mesh: mesh)
        defer { unlink(file) }
        let names = try LabNames(mesh: mesh), socket = "\(names.directory)/api.sock"
        do {
            let up = try await BuiltPrograms.warren("lab", "up", "--wait", file)
            #expect(up.succeeded, "\(up.errorOutput)")
            #expect(LabStatus(names).isWhole)
            let verify = try await BuiltPrograms.warren("lab", "verify", file)
            #expect(verify.succeeded, "\(verify.output)\(verify.errorOutput)")
            let again = try await BuiltPrograms.warren("apply", "--yes", file, "--socket", socket)
            #expect(again.succeeded && again.errorOutput.contains("nothing changes"), "\(again.errorOutput)")
            let second = try await BuiltPrograms.warren("lab", "up", file)
            #expect(second.status == 1 && second.errorOutput.contains("warren lab down \(mesh)"))
            let status = try await BuiltPrograms.warren("status", "--socket", socket)
            #expect(status.succeeded, "\(status.output)")
        } catch {
            try await Lab.takeDown(names)
            throw error
        }
        let down = try await BuiltPrograms.warren("lab", "down", mesh)
        #expect(down.succeeded, "\(down.errorOutput)")
        #expect(!LabStatus(names).isUp)
    }

    /// Its peer can't reach it first, its controller learns where it is, and its hosts notice nothing of all that.
    @Test(arguments: [("handbook.yaml", "first"), ("handbook.yaml", "second"), ("transport.yaml", "second")])
    func aGatewayBehindNATHolds(name: String, hidden: String) async throws {
        let mesh = "lab-test-nat-\(name.prefix(3))-\(hidden)"
        let address = hidden == "first" ? "203.0.113.10" : "198.51.100.20"
        let text = BuiltPrograms.renamed(try BuiltPrograms.sampleText(name), mesh: mesh)
        let file = try BuiltPrograms.write(text.replacing("public: \(address)", with: "public: dynamic"), name: mesh)
        defer { unlink(file) }
        let names = try LabNames(mesh: mesh), socket = "\(names.directory)/api.sock"
        do {
            let up = try await BuiltPrograms.warren("lab", "up", "--wait", "--behind-nat", hidden, file)
            #expect(up.succeeded, "\(up.errorOutput)")
            let verify = try await BuiltPrograms.warren("lab", "verify", file)
            #expect(verify.succeeded, "\(verify.output)\(verify.errorOutput)")
            let diagnosis = try await BuiltPrograms.warren("diagnose", "first", "second", "--socket", socket)
            #expect(diagnosis.succeeded && diagnosis.output.contains("\(hidden): 198.19.0.1 is no address of this gateway"))
            #expect(diagnosis.output.contains("which sends from 100.64.0.2: it is behind a NAT"), "\(diagnosis.output)")
        } catch {
            try await Lab.takeDown(names)
            throw error
        }
        try await Lab.takeDown(names)
    }

    @Test func aSignalDuringUpLeavesNothing() async throws {
        let file = try renamed("five-sites.yaml", mesh: "lab-test-signal")
        defer { unlink(file) }
        let names = try LabNames(mesh: "lab-test-signal")
        let pid = try ChildProcess.start(["\(BuiltPrograms.directory)/warren", "lab", "up", file], log: "/dev/null")
        try await awaitCondition("namespaces appear", within: .seconds(20)) {
            LabStatus(names).isUp ? true : nil
        }
        kill(pid, SIGINT)
        try await awaitCondition("it ends", within: .seconds(30)) { ChildProcess.isRunning(pid) ? nil : true }
        #expect(!LabStatus(names).isUp)
        #expect(access(names.directory, F_OK) != 0)
        try await Lab.takeDown(names)
    }
}

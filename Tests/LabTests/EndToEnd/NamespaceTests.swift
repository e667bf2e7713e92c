import Foundation
import Glibc
import Testing
import WarrenInventory
import WarrenModel

@testable import WarrenLab

/// The namespace half of a lab, for real: it must be run as root, and fails loudly when it is not.
@Suite(.serialized) struct NamespaceTests {
    private func makeLab(_ mesh: String) throws -> Lab {
        try Lab(makeInventory(mesh: mesh), files: [], programDirectory: "/nonexistent") { _ in }
    }

    private func run(_ namespace: String, _ command: String...) async throws -> ChildProcess.Completion {
        try await ChildProcess.run(LabPrograms.enter(namespace, command))
    }

    @Test func aWorldIsRaisedAndLeavesNothing() async throws {
        let lab = try makeLab("lab-test-a"), names = lab.names
        let devices = try BuiltPrograms.rootDevices()
        try await Lab.takeDown(names)
        try lab.claim()
        do {
            try await lab.raiseNamespaces()
            #expect(try BuiltPrograms.rootDevices() == devices)

            let neighbour = try await run(
                names.gateway(of: #require(SiteName("berlin"))), "ping", "-c1", "-W2", "198.51.100.20")
            #expect(neighbour.succeeded, "\(neighbour.output)\(neighbour.errorOutput)")
            let sixth = try await run(names.gateway(of: #require(SiteName("berlin"))), "ping", "-c1", "-W2", "2001:db8:b::20")
            #expect(sixth.succeeded, "\(sixth.output)\(sixth.errorOutput)")
            let host = try await run(names.host(of: #require(SiteName("lima"))), "ping", "-c1", "-W2", "10.3.0.10")
            #expect(host.succeeded, "\(host.output)\(host.errorOutput)")
            let controller = try await run(names.gateway(of: #require(SiteName("lima"))), "ping", "-c1", "-W2", "192.0.2.1")
            #expect(controller.succeeded, "\(controller.output)\(controller.errorOutput)")

            // What leaves in the clear is caught, each time: a capture is whole, also right after another.
            for _ in 1...3 {
                let capture = try await BridgeCapture.start(names)
                let clear = try await run(
                    names.gateway(of: #require(SiteName("berlin"))), "ping", "-c4", "-i0.01", "-W2", "198.51.100.20")
                #expect(clear.succeeded)
                var classifier = lab.classifier
                let faults = try await capture.finish().compactMap { frame -> String? in
                    do {
                        _ = try classifier.classify(frame.bytes)
                        return nil
                    } catch {
                        return String(describing: error)
                    }
                }
                #expect(faults.filter { $0.contains("203.0.113.10 to 198.51.100.20, protocol 1,") }.count == 4)
                #expect(faults.filter { $0.contains("198.51.100.20 to 203.0.113.10, protocol 1,") }.count == 4)
                #expect(faults.count == 8, "\(faults)")
            }

            // Without tunnels nobody reaches another site, and the capture sees who tries.
            let verification = try await lab.verify()
            #expect(!verification.holds)
            #expect(verification.pairs.count == 12)
            #expect(verification.pairs.allSatisfy { $0.received == 0 })
            #expect(verification.frames[FrameKind.arp.rawValue, default: 0] > 0)
            #expect(verification.silent.count == 6)

            #expect(throws: LabError.self) { try lab.claim() }
            #expect(LabStatus(names).namespaces.count == 8)
            #expect(!LabStatus(names).isWhole)
        } catch {
            await lab.removeAfterFailure()
            throw error
        }
        #expect(try await Lab.takeDown(names))
        #expect(!LabStatus(names).isUp)
        #expect(access(names.directory, F_OK) != 0)
        #expect(try await !Lab.takeDown(names))
        #expect(try BuiltPrograms.rootDevices() == devices)
    }

    @Test func takingDownEndsExactlyItsOwnProcesses() async throws {
        let one = try makeLab("lab-test-b"), other = try makeLab("lab-test-b-internet")
        for lab in [one, other] {
            try await Lab.takeDown(lab.names)
            try lab.claim()
        }
        do {
            for lab in [one, other] { try await lab.raiseNamespaces() }
            func sleeper(_ lab: Lab, _ shell: String) throws -> pid_t {
                try ChildProcess.start(
                    LabPrograms.enter(lab.names.internet, ["sh", "-c", shell]), log: "\(lab.names.directory)/sleeper.log")
            }
            // The second ignores SIGTERM: patience ends, SIGKILL follows.
            let plain = try sleeper(one, "exec sleep 600"),
                stubborn = try sleeper(one, "trap '' TERM; while :; do sleep 0.1; done")
            let stranger = try sleeper(other, "exec sleep 600")
            try await awaitCondition("sleepers are in their namespaces", within: .seconds(5)) {
                let found = ProcessTable.entries(in: [one.names.internet, other.names.internet]).map(\.pid)
                return Set(found).isSuperset(of: [plain, stubborn, stranger]) ? true : nil
            }
            try await Lab.takeDown(one.names)
            #expect(!ChildProcess.isRunning(plain))
            #expect(!ChildProcess.isRunning(stubborn))
            #expect(ChildProcess.isRunning(stranger))
            #expect(LabStatus(other.names).namespaces.count == 8)
            try await Lab.takeDown(other.names)
            #expect(!ChildProcess.isRunning(stranger))
        } catch {
            for lab in [one, other] { await lab.removeAfterFailure() }
            throw error
        }
    }

    /// A lab that begins while others end: the folder above them goes with the last, at any moment.
    @Test func labsComeAndGoBesideEachOther() async throws {
        let lab = try makeLab("lab-test-d"), other = try makeLab("lab-test-e")
        for names in [lab.names, other.names] { try await Lab.takeDown(names) }
        let others = Task.detached {
            while !Task.isCancelled {
                try other.claim()
                rmdir(other.names.directory)
                rmdir(LabNames.root)
            }
        }
        for _ in 0..<1_000 {
            try lab.claim()
            #expect(rmdir(lab.names.directory) == 0)
            rmdir(LabNames.root)
        }
        others.cancel()
        try await others.value
    }

    @Test func aHalfMadeLabIsTakenDownByNameAlone() async throws {
        let lab = try makeLab("lab-test-c")
        try await ChildProcess.require(
            ["ip", "netns", "add", lab.names.host(of: #require(SiteName("tokyo")))], failing: "test")
        #expect(throws: LabError.self) { try lab.claim() }
        #expect(try await Lab.takeDown(LabNames(mesh: "lab-test-c")))
        #expect(ProcessTable.namespaces(startingWith: lab.names.prefix).isEmpty)
    }
}

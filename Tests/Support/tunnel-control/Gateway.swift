import AgentCore
import DataPlane
import EmbeddedDataPlane
import Foundation
import Logging
import TunnelControl
import WarrenModel
import WarrenPlan

struct Unusable: Error, CustomStringConvertible { let description: String }

/// Applies a whole plan through the driver, by the same steps as an agent on a gateway that has nothing yet.
func setUp(control: String, planPath: String, secretPath: String, daemonPath: String) async throws {
    let plan = try JSONDecoder().decode(GatewayPlan.self, from: Data(contentsOf: URL(filePath: planPath)))
    let key = PreSharedKey(SecretBytes(try hexadecimal(String(contentsOf: URL(filePath: secretPath), encoding: .utf8))))
    let keys = Dictionary(plan.keys.map { ($0.reference, key) }, uniquingKeysWith: { first, _ in first })
    let log = URL(filePath: control).deletingLastPathComponent().appending(path: "tunneld.log").path
    let driver = EmbeddedDataPlaneDriver(
        configuration: .init(daemonPath: daemonPath, controlPath: control, daemonLogLevel: "debug", daemonLogPath: log),
        logger: Logger(label: "tunnel-control"))
    try await driver.prepare()
    let desired = DesiredState(
        mesh: "test", version: StateVersion(generation: Generation(rawValue: 1)), plan: plan, keys: keys)
    for operation in reconcile(desired: desired, observed: ObservedState()) {
        try await driver.perform(operation, keys: keys)
    }
}

func printObservation(control: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    let observation = try TunnelControlClient(path: control).observe()
    print(String(decoding: try encoder.encode(observation), as: UTF8.self))
}

func rekey(control: String, target: String) throws {
    guard let target = TunnelControl.RekeyTarget(rawValue: target) else { throw Unusable(description: "child or ike?") }
    let client = try TunnelControlClient(path: control)
    for peer in try client.observe().peers { try client.call(.rekey(peer.peer, target)) }
}

/// Returns when the daemon's process has ended: the kernel then closes the socket.
func shutDown(control: String) throws {
    let client = try TunnelControlClient(path: control)
    try client.call(.shutdown)
    do {
        _ = try client.observe()
        throw Unusable(description: "the daemon answers after its shutdown")
    } catch ControlError.closed {}
}

private func hexadecimal(_ text: String) throws -> [UInt8] {
    let digits = text.filter { !$0.isWhitespace }.map { $0.hexDigitValue }
    guard !digits.isEmpty, digits.count.isMultiple(of: 2), !digits.contains(nil) else {
        throw Unusable(description: "a secret is hexadecimal digits, two for a byte")
    }
    let values = digits.compactMap { $0 }
    return stride(from: 0, to: values.count, by: 2).map { UInt8(values[$0] << 4 | values[$0 + 1]) }
}

import Foundation

/// Sets up and drives one gateway of the embedded data plane without an agent, for tests that bring their own peer.
///
///     tunnel-control plan INVENTORY FOLDER            writes the plan of each gateway to FOLDER/plan-SITE.json
///     tunnel-control mirror PLAN MIRROR               writes the plan of one gateway that is all peers of PLAN's
///     tunnel-control up CONTROL PLAN SECRET TUNNELD   the gateway plan (JSON) with one key (a file of hexadecimal digits) for
///                                                     all its peers; starts the daemon at TUNNELD, which stays
///     tunnel-control observe CONTROL                  prints what the daemon runs (JSON)
///     tunnel-control rekey CONTROL child|ike          of every peer
///     tunnel-control down CONTROL                     ends the daemon, which deletes its SAs at its peers
///
/// CONTROL is the path of the daemon's control socket; its log is beside it, in `tunneld.log`.
let arguments = Array(CommandLine.arguments.dropFirst())
do {
    switch (arguments.first, arguments.count) {
    case ("plan", 3): try writePlans(inventoryPath: arguments[1], folder: arguments[2])
    case ("mirror", 3): try writeMirror(planPath: arguments[1], mirrorPath: arguments[2])
    case ("up", 5):
        try await setUp(control: arguments[1], planPath: arguments[2], secretPath: arguments[3], daemonPath: arguments[4])
    case ("observe", 2): try printObservation(control: arguments[1])
    case ("rekey", 3): try rekey(control: arguments[1], target: arguments[2])
    case ("down", 2): try shutDown(control: arguments[1])
    default: throw Unusable(description: "usage: tunnel-control plan|mirror|up|observe|rekey|down ARGUMENT...")
    }
} catch {
    FileHandle.standardError.write(Data("tunnel-control: \(error)\n".utf8))
    exit(1)
}

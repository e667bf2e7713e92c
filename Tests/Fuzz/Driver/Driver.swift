import Foundation
import FuzzTargets
import PacketFuzzTargets

// The entry of libFuzzer's runtime without a main function: it takes the arguments, and calls back for each input.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// How much passed in all.
nonisolated(unsafe) private var passed = 0

/// WARREN_FUZZ_TARGET names it; without, inventories are fuzzed.
private let target: @Sendable (UnsafeRawBufferPointer) -> Int = {
    let name = ProcessInfo.processInfo.environment["WARREN_FUZZ_TARGET"] ?? "inventory"
    let targets = PacketFuzzTargets.all.merging(["inventory": FuzzTargets.inventory]) { first, _ in first }
    guard let target = targets[name] else {
        print("no target \(name); there are \(targets.keys.sorted().joined(separator: ", "))")
        exit(64)
    }
    return target
}()

@_cdecl("warren_fuzz_main")
public func fuzz(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> CInt {
    var count = count
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = arguments
    return withUnsafeMutablePointer(to: &arguments) { list in
        runDriver(&count, list) { bytes, length in
            passed &+= target(UnsafeRawBufferPointer(start: bytes, count: length))
            return 0
        }
    }
}

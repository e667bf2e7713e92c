import FuzzTargets

// The entry of libFuzzer's runtime without a main function: it takes the arguments, and calls back for each input.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// How many sites were planned in all.
nonisolated(unsafe) private var planned = 0

@_cdecl("warren_fuzz_main")
public func fuzz(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> CInt {
    var count = count
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = arguments
    return withUnsafeMutablePointer(to: &arguments) { list in
        runDriver(&count, list) { bytes, length in
            planned &+= FuzzTargets.inventory(UnsafeRawBufferPointer(start: bytes, count: length))
            return 0
        }
    }
}

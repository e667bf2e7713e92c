import Glibc
import Testing

@testable import EmbeddedDataPlane

/// Which UDP ports are bound.
@Suite struct KernelSocketsTests {
    @Test func readsTheKernelsListing() {
        let listing = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
              351: 00000000:01F4 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 20163 2 0000000000000000 0
             7851: 0100007F:1194 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 20164 2 0000000000000000 0

            """
        #expect(KernelSockets.boundPorts(in: listing) == [500, 4_500])
        for noise in ["", "\n", "x\ny", "sl\n 1:", "sl\n 1: 0:zz", "sl\n 1: :FFFFF 2"] {
            #expect(KernelSockets.boundPorts(in: noise) == [])
        }
    }

    @Test func seesASocketOfThisProcess() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(descriptor, $0, length)
                _ = getsockname(descriptor, $0, &length)
            }
        }
        let port = UInt16(bigEndian: address.sin_port)
        try #require(port != 0)
        #expect(KernelSockets.boundPorts(among: [port], ofProcess: "self") == [port])
        #expect(KernelSockets.boundPorts(among: [port], ofProcess: "no such") == nil)
    }
}

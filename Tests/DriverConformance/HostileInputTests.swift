import DataPlane
import EmbeddedDataPlane
import Foundation
import SeededRandom
import Testing
import TunnelControl

/// The daemon outlives whatever comes in over its sockets.
@Suite struct HostileInputTests {
    @Test func garbageOnTheControlSocketEndsOnlyItsConnection() async throws {
        try await EmbeddedGatewayFixture.with { gateway in
            let driver = gateway.driver()
            try await driver.prepare()
            try await driver.performAll(Sample.whole.operations)
            let process = try gateway.daemonProcess()
            var random = SeededNumbers(seed: 7)
            var messages: [[UInt8]] = [
                [255, 255, 255, 255], [0, 0, 0, 0], [0, 0, 0, 2] + Array("{}".utf8), [0, 0, 0, 4] + Array("null".utf8),
                [0, 0, 0, 200] + [UInt8](repeating: UInt8(ascii: "["), count: 200),
                framed(#"{"hello":{"version":99}}"#), framed(#"{"hello":{"version":9223372036854775808}}"#),
                framed(#"{"detachTunnel":{"interface":"../../etc"}}"#), framed(#"{"rekey":{"_0":"nobody","_1":"child"}}"#),
                framed(#"{"removePeer":{"_0":"NOT A NAME"}}"#),
            ]
            for _ in 0..<40 {
                messages.append((0..<Int.random(in: 1...300, using: &random)).map { _ in .random(in: 0...255, using: &random) })
            }
            for message in messages {
                let connection = rawConnection(gateway.controlPath)
                try #require(connection >= 0)
                _ = message.withUnsafeBytes { write(connection, $0.baseAddress, $0.count) }
                close(connection)
            }
            #expect(Sample(try await driver.observe()) == .whole)
            #expect(try gateway.daemonProcess() == process)
        }
    }

    @Test func garbageFromTheNetworkIsDropped() async throws {
        try await Link.with(mode: .tunnel) { link in
            try await link.establish()
            let process = try link.east.daemonProcess()
            // A thousand datagrams of random bytes to each port, the first bytes like those of IKE and of ESP in turn.
            let script = """
                import os, random, socket
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                for i in range(1000):
                    body = os.urandom(random.choice([0, 1, 3, 4, 8, 27, 28, 29, 60, 400, 1400]))
                    s.sendto(body, ("192.0.2.2", 500))
                    s.sendto((b"\\0\\0\\0\\0" if i % 2 else b"") + body, ("192.0.2.2", 4500))
                """
            try link.west.inside("python3", "-c", script)
            try await link.awaitPing(within: .seconds(5))
            #expect(try link.east.daemonProcess() == process)
            let drops = try await link.eastDriver.drops()
            #expect(drops["unknown-spi", default: 0] > 0, "\(drops)")
        }
    }

    private func framed(_ text: String) -> [UInt8] { [0, 0, 0, UInt8(text.utf8.count)] + Array(text.utf8) }
}

/// Connects without the protocol's greeting.
private func rawConnection(_ path: String) -> Int32 {
    let connection = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
    let result = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(connection, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
    return result == 0 ? connection : -1
}

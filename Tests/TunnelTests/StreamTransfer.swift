import CWarrenSystem
import Foundation
import WarrenModel

/// Sends bytes over one TCP connection between two network namespaces, in this process.
enum StreamTransfer {
    /// Bytes in which no misplaced one would go unnoticed; the same again for the same seed.
    static func bytes(_ count: Int, seed: UInt64) -> [UInt8] {
        var state = seed
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
    }

    /// Connects from one namespace to `address` in the other, sends `bytes`, and returns what arrived.
    static func send(_ bytes: [UInt8], from client: String, to server: String, address: IPAddress) throws -> [UInt8] {
        let listener = socket(in: server, address.family), caller = socket(in: client, address.family)
        defer {
            close(listener)
            close(caller)
        }
        try withSocketAddress(address, port: 7000) { pointer, length in
            try check(bind(listener, pointer, length), "bind")
            try check(listen(listener, 1), "listen")
            var patience = timeval(tv_sec: 20, tv_usec: 0)
            for descriptor in [listener, caller] {
                setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
                setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
            }
            try check(connect(caller, pointer, length), "connect")
        }
        let connection = accept(listener, nil, nil)
        try check(connection, "accept")
        defer { close(connection) }
        let sender = Thread {
            var offset = 0
            while offset < bytes.count {
                let count = bytes.withUnsafeBytes { write(caller, $0.baseAddress! + offset, bytes.count - offset) }
                if count <= 0 { break }
                offset += count
            }
            shutdown(caller, Int32(SHUT_WR))
        }
        sender.start()
        var received: [UInt8] = [], buffer = [UInt8](repeating: 0, count: 1 << 18)
        received.reserveCapacity(bytes.count)
        while true {
            let count = read(connection, &buffer, buffer.count)
            try check(Int32(truncatingIfNeeded: count), "read")
            if count == 0 { return received }
            received += buffer[..<count]
        }
    }

    private static func socket(in namespace: String, _ family: AddressFamily) -> Int32 {
        family == .ipv4
            ? warren_in_network_namespace(namespace, { _ in Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) }, nil)
            : warren_in_network_namespace(namespace, { _ in Foundation.socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0) }, nil)
    }

    private static func check(_ result: Int32, _ call: String) throws {
        if result < 0 { throw CommandFailure(description: "\(call): \(String(cString: strerror(errno)))") }
    }

    private static func withSocketAddress(
        _ address: IPAddress, port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Void
    ) throws {
        if address.family == .ipv4 {
            var value = sockaddr_in()
            value.sin_family = sa_family_t(AF_INET)
            value.sin_port = port.bigEndian
            withUnsafeMutableBytes(of: &value.sin_addr) { $0.copyBytes(from: address.bytes) }
            try withUnsafePointer(to: value) {
                try $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { try body($0, 16) }
            }
        } else {
            var value = sockaddr_in6()
            value.sin6_family = sa_family_t(AF_INET6)
            value.sin6_port = port.bigEndian
            withUnsafeMutableBytes(of: &value.sin6_addr) { $0.copyBytes(from: address.bytes) }
            try withUnsafePointer(to: value) {
                try $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { try body($0, 28) }
            }
        }
    }
}

import Foundation
import Testing
import TunnelControl
import WarrenModel

/// Both ends over a real socket, the server's on a thread of its own as the daemon's is.
@Suite struct ControlSocketTests {
    private let key = PreSharedKey(SecretBytes((0..<32).map { UInt8($0) }))

    @Test func requestsAndResponsesPass() throws {
        try withServer { request, _ in
            switch request {
            case .hello: .welcome(version: TunnelControl.version, processID: 7)
            case .observe: .observation(TunnelControl.Observation(drops: ["replay": 3]))
            case .setPeer(let peer, let keys):
                keys.map(\.reference) == [peer.key] && keys.map(\.key) == [key] ? .done : .failure("another key")
            default: .failure("what?")
            }
        } client: { path in
            let client = try TunnelControlClient(path: path)
            #expect(client.processID == getpid())
            #expect(client.queues == 1)
            #expect(try client.observe().drops == ["replay": 3])
            try client.call(.setPeer(peer(), keys: [TunnelControl.TransferredKey(peer().key, key)]))
            #expect(throws: ControlError.refused("what?")) { try client.call(.removePeer(peer().peer)) }
            #expect(try client.observe().drops == ["replay": 3], "a refusal does not end the connection")
        }
    }

    @Test func descriptorsPassAndAreTheReceiversOwn() throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        let reading = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
        let tunnel = GIFTunnel(
            peer: peer().peer, interface: "gif1", outer: peer().outer, inner: peer().outer, mtu: 1400, mode: .tunnel)
        try withServer { request, descriptors in
            guard case .attachTunnel(let attached) = request else {
                return .welcome(version: TunnelControl.version, processID: 7, queues: 3)
            }
            guard !descriptors.isEmpty, attached == tunnel,
                descriptors.allSatisfy({ write($0.rawValue, "x", 1) == 1 })
            else { return .failure("none") }
            return .done
        } client: { path in
            let client = try TunnelControlClient(path: path)
            #expect(client.queues == 3)
            try client.call(.attachTunnel(tunnel), descriptors: [ends[1]])
            #expect(throws: ControlError.refused("none")) { try client.call(.attachTunnel(tunnel)) }
            try client.call(.attachTunnel(tunnel), descriptors: Array(repeating: ends[1], count: 8))
            #expect(throws: ControlError.self) {
                try client.call(.attachTunnel(tunnel), descriptors: Array(repeating: ends[1], count: 9))
            }
            close(ends[1])
        }
        // The end of the file comes only when the server's copies are closed, too.
        #expect(try reading.readToEnd() == Data("xxxxxxxxx".utf8))
    }

    @Test func anotherUserIsNotServed() throws {
        let folder = try Folder()
        nonisolated(unsafe) let listener = try TunnelControlListener(path: folder.socket, user: getuid() + 1)
        let thread = Thread {
            var entry = pollfd(fd: listener.descriptor, events: Int16(POLLIN), revents: 0)
            poll(&entry, 1, 5_000)
            #expect(throws: ControlError.untrustedPeer(user: getuid())) { _ = try listener.accept() }
        }
        thread.start()
        #expect(throws: ControlError.self) { try TunnelControlClient(path: folder.socket) }
    }

    @Test func aSilentServerTimesOut() throws {
        let folder = try Folder()
        let listener = try TunnelControlListener(path: folder.socket, user: getuid())
        #expect(throws: ControlError.timedOut) {
            try TunnelControlClient(path: folder.socket, timeout: .milliseconds(50))
        }
        #expect(listener.descriptor >= 0)
    }

    @Test func nobodyListening() throws {
        let folder = try Folder()
        #expect(throws: ControlError.system(call: "connect \(folder.socket)", errno: ENOENT)) {
            try TunnelControlClient(path: folder.socket)
        }
    }

    @Test func aKeyIsNotPrinted() {
        let request = TunnelControl.Request.setPeer(peer(), keys: [TunnelControl.TransferredKey(peer().key, key)])
        var text = ""
        dump(request, to: &text)
        #expect(!"\(request)\(text)".contains("30, 31"))
        #expect("\(request)".contains("<pre-shared key>"))
    }

    private func peer() -> IKEPeer {
        guard let name = SiteName("tokyo"), let berlin = SiteName("berlin"), let link = LinkID(name, berlin) else {
            preconditionFailure("names")
        }
        return IKEPeer(
            peer: name, outer: AddressPair(local: IPAddress(v4: 1), remote: IPAddress(v4: 2)), initiator: true,
            parameters: IPsecParameters(), selectors: [], key: PSKReference(link: link, epoch: 1))
    }

    /// Serves one connection until the client's part is done.
    private func withServer(
        _ respond: @escaping @Sendable (TunnelControl.Request, [OwnedDescriptor]) -> TunnelControl.Response,
        client: (String) throws -> Void
    ) throws {
        let folder = try Folder()
        nonisolated(unsafe) let listener = try TunnelControlListener(path: folder.socket, user: getuid())
        let ended = DispatchSemaphore(value: 0)
        let thread = Thread {
            defer { ended.signal() }
            var entry = pollfd(fd: listener.descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&entry, 1, 5_000) == 1, let connection = try? listener.accept() else { return }
            entry.fd = connection.descriptor
            while poll(&entry, 1, 5_000) == 1 {
                guard let arrivals = try? connection.receive() else { return }
                for arrival in arrivals { try? connection.send(respond(arrival.request, arrival.descriptors)) }
            }
        }
        thread.start()
        try client(folder.socket)
        #expect(ended.wait(timeout: .now() + 10) == .success)
    }
}

/// A folder for one test's socket, removed with the last holder.
private final class Folder {
    private let url = FileManager.default.temporaryDirectory.appending(path: "control-\(UInt32.random(in: 0 ... .max))")
    var socket: String { url.appending(path: "control.sock").path }

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(at: url) }
}

import Foundation
import Hummingbird
import NIOCore
import ServiceLifecycle
import WarrenController

/// An application whose failure to open its listener is told by name.
struct ListenerService: Service {
    let name: String
    let application: @Sendable () throws -> any ApplicationProtocol

    func run() async throws {
        do {
            try await application().run()
        } catch let error as IOError {
            throw ControllerError.listener(name, String(cString: strerror(error.errnoCode)))
        }
    }
}

struct SocketService: Service {
    let path: String
    let application: @Sendable () throws -> any ApplicationProtocol

    init(path: String, application: @escaping @Sendable () throws -> any ApplicationProtocol) {
        self.path = path
        self.application = application
    }

    func run() async throws {
        try UnixSocket.makeFolder(of: path)
        try UnixSocket.removeStale(path)
        defer { UnixSocket.remove(path) }
        try await ListenerService(name: path, application: application).run()
    }
}

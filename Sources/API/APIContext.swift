import Hummingbird
import NIOCore
import WarrenController
import WarrenModel

/// What is known of a request beside itself.
struct APIContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The connection by which it came.
    let channel: any Channel
    /// Where it comes from; nil on a unix socket.
    let address: String?
    /// Whose it is; nil before the gate, and on routes for anyone.
    var principal: Principal?
    /// The way by which it came in; set by the gate.
    var entrance = Entrance.socket
    /// The parameters of its query, which the gate has held against the route's.
    var query: [String: String] = [:]

    /// Whose it is, where the gate has let somebody in.
    var admitted: Principal {
        get throws {
            guard let principal else { throw HTTPError(.unauthorized) }
            return principal
        }
    }

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
        address = source.channel.remoteAddress?.ipAddress
    }
}

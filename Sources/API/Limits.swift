import Hummingbird
import HummingbirdCore
import NIOCore

extension API {
    /// How much one operator, one address and one entrance may ask for. The unix socket has no rates: whoever may open it is
    /// this machine's root.
    public struct Limits: Sendable {
        public struct Rate: Sendable {
            public var perSecond: Double
            /// So many may come at once.
            public var burst: Double
            public init(perSecond: Double, burst: Double) {
                self.perSecond = perSecond
                self.burst = burst
            }
        }

        /// Of one credential.
        public var requests = Rate(perSecond: 100, burst: 300)
        /// From one address (of IPv6, from one /64), whoever asks.
        public var addresses = Rate(perSecond: 200, burst: 600)
        /// Credentials from one address that are not good. A good one passes whatever others try: a token has 256 bits, and
        /// guesses at it are no danger but a burden.
        public var failures = Rate(perSecond: 0.2, burst: 20)
        /// Requests that are being answered at an entrance, without the streams.
        public var concurrentRequests = 128
        public var connections = 512
        /// Streams of all entrances, and of one credential.
        public var streams = 128
        public var streamsPerCredential = 16
        /// A connection on which nothing is asked for, or a request that does not go on, is closed after this, in seconds.
        public var idleSeconds: Int64 = 60
        /// The whole head of a request, in bytes.
        public var headBytes = 32 << 10

        public init() {}

        var http: HTTP1Channel.Configuration {
            HTTP1Channel.Configuration(
                additionalChannelHandlers: [MalformedRequestHandler()], idleTimeout: .seconds(idleSeconds),
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: headBytes, maxHeaderListSize: headBytes, maxHeaderFieldCount: 100))
        }
    }
}

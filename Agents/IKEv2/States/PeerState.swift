import WarrenModel

/// What the engine knows of one configured peer.
struct PeerState: Sendable {
    var peer: IKEPeer
    var key: PreSharedKey
    /// The IKE SA in use, by our SPI.
    var current: IKESPI?
    /// When the next attempt to make an IKE SA begins.
    var connectAt: MonotonicTime?
    var lastError: String?
    /// When an unauthenticated hint last made us do something.
    var lastHintAt: MonotonicTime?

    init(_ peer: IKEPeer, key: PreSharedKey) {
        self.peer = peer
        self.key = key
    }

    var path: Path {
        Path(
            local: Endpoint(address: peer.outer.local, port: Path.ikePort),
            remote: Endpoint(address: peer.outer.remote, port: Path.ikePort))
    }
}

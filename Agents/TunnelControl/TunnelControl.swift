import WarrenModel

/// The protocol between an agent and its `warren-tunneld`: one request, one response, over a unix stream socket.
///
/// Each message is a 32-bit length in network order (at most `maximumLength`) and that many bytes of JSON. The file
/// descriptors of TUN queues travel beside `attachTunnel` as ancillary data (SCM_RIGHTS).
public enum TunnelControl {
    public static let version = 2
    public static let maximumLength = 16 << 20

    public enum Request: Sendable, Codable {
        case hello(version: Int)
        /// Takes over the TUN queues that come with this message, or, for an interface it has already, only the settings.
        case attachTunnel(GIFTunnel)
        case detachTunnel(interface: String)
        case addPolicy(SecurityPolicy)
        case removePolicy(SecurityPolicy)
        /// With a key for each of the peer's `acceptedKeys`.
        case setPeer(IKEPeer, keys: [TransferredKey])
        case removePeer(SiteName)
        case observe
        /// Asks for a rekey now, of the child SA or of the IKE SA.
        case rekey(SiteName, RekeyTarget)
        /// Ends the process after deleting its SAs at the peers.
        case shutdown
    }

    public enum RekeyTarget: String, Sendable, Codable { case child, ike }

    public enum Response: Sendable, Codable {
        case done
        /// `queues`: how many of each device the daemon has use for; nil from one that knows of one only.
        case welcome(version: Int, processID: Int32, queues: Int? = nil)
        case observation(Observation)
        case failure(String)
    }

    /// Everything that the daemon runs, and its counters.
    public struct Observation: Sendable, Codable, Equatable {
        public var tunnels: [TunnelReport]
        public var policies: [SecurityPolicy]
        public var peers: [IKEPeer]
        public var securityAssociations: [SAReport]
        public var ike: [IKEReport]
        /// Packets dropped since the start, by reason.
        public var drops: [String: UInt64]
        /// The IKE datagrams of each peer; nil from a daemon that does not count them.
        public var contacts: [PeerContact]?

        public init(
            tunnels: [TunnelReport] = [], policies: [SecurityPolicy] = [], peers: [IKEPeer] = [],
            securityAssociations: [SAReport] = [], ike: [IKEReport] = [], drops: [String: UInt64] = [:],
            contacts: [PeerContact]? = nil
        ) {
            self.tunnels = tunnels
            self.policies = policies
            self.peers = peers
            self.securityAssociations = securityAssociations
            self.ike = ike
            self.drops = drops
            self.contacts = contacts
        }
    }

    /// A pre-shared key on its way over the socket: the one place where a key is encoded, and it does not print either.
    public struct TransferredKey: Sendable, Codable, CustomStringConvertible {
        public let reference: PSKReference
        public let key: PreSharedKey

        public init(_ reference: PSKReference, _ key: PreSharedKey) {
            self.reference = reference
            self.key = key
        }

        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            reference = try container.decode(PSKReference.self, forKey: .reference)
            key = PreSharedKey(SecretBytes(try container.decode([UInt8].self, forKey: .key)))
        }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(reference, forKey: .reference)
            try container.encode(key.secret.withBytes { Array($0) }, forKey: .key)
        }

        private enum CodingKeys: String, CodingKey { case reference, key }

        public var description: String { "\(reference) \(key)" }
    }
}

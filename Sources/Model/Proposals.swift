/// Authenticated encryption of ESP and, where it is an AEAD, of an IKE SA's messages, with strongSwan's spelling.
public enum EncryptionAlgorithm: String, Sendable, Hashable, Codable, CaseIterable {
    /// AES-GCM with a 128-bit key and a 16-byte ICV (RFC 4106, RFC 5282).
    case aes128gcm16
    /// AES-GCM with a 256-bit key and a 16-byte ICV.
    case aes256gcm16
    /// ChaCha20-Poly1305 with a 256-bit key (RFC 7634).
    case chacha20poly1305
    /// AES-CBC with a 128-bit key, then HMAC-SHA-256-128 (RFC 3602, RFC 4868): ESP only, for peers that have nothing better.
    case aes128sha256 = "aes128-sha256"
    /// AES-CBC with a 256-bit key, then HMAC-SHA-256-128.
    case aes256sha256 = "aes256-sha256"

    /// Those that an IKE SA's messages are protected with, too.
    public static let authenticated = allCases.filter(\.isAuthenticated)

    /// One algorithm that encrypts and authenticates; else the two are apart, each with a key of its own.
    public var isAuthenticated: Bool { integrityKeyLength == 0 }
    /// Length in bytes of the encryption key, without the salt.
    public var keyLength: Int { self == .aes128gcm16 || self == .aes128sha256 ? 16 : 32 }
    /// Bytes of salt that follow the key in keying material (RFC 4106, 8.1).
    public var saltLength: Int { isAuthenticated ? 4 : 0 }
    /// Bytes of the integrity key, which follows the encryption key in keying material (RFC 7296, 2.17).
    public var integrityKeyLength: Int { self == .aes128sha256 || self == .aes256sha256 ? 32 : 0 }
    public var keyingMaterialLength: Int { keyLength + saltLength + integrityKeyLength }
    /// Bytes of explicit IV in each packet.
    public var ivLength: Int { isAuthenticated ? 8 : 16 }
    /// Bytes of integrity check value at the end of each packet.
    public var icvLength: Int { 16 }
    /// ESP payloads are padded to a multiple of this (RFC 4303, 2.4).
    public var blockLength: Int { isAuthenticated ? 4 : 16 }
}

/// The pseudo-random function of an IKE SA (RFC 4868).
public enum PseudoRandomFunction: String, Sendable, Hashable, Codable, CaseIterable {
    case prfsha256
    case prfsha384
}

/// A Diffie-Hellman group (RFC 8031, RFC 5903).
public enum KeyExchangeMethod: String, Sendable, Hashable, Codable, CaseIterable {
    case x25519
    case ecp256
    case ecp384
}

/// One set of algorithms offered for an IKE SA; its text is `aes256gcm16-prfsha384-x25519`.
public struct IKEProposal: Sendable, Hashable {
    public let encryption: EncryptionAlgorithm
    public let prf: PseudoRandomFunction
    public let keyExchange: KeyExchangeMethod

    public init(encryption: EncryptionAlgorithm, prf: PseudoRandomFunction, keyExchange: KeyExchangeMethod) {
        self.encryption = encryption
        self.prf = prf
        self.keyExchange = keyExchange
    }
}

extension IKEProposal: LosslessStringConvertible, Codable {
    public init?(_ description: String) {
        let parts = description.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let encryption = EncryptionAlgorithm(rawValue: parts[0]), encryption.isAuthenticated,
            let prf = PseudoRandomFunction(rawValue: parts[1]), let group = KeyExchangeMethod(rawValue: parts[2])
        else { return nil }
        self.init(encryption: encryption, prf: prf, keyExchange: group)
    }
    public var description: String { "\(encryption.rawValue)-\(prf.rawValue)-\(keyExchange.rawValue)" }
    public init(from decoder: any Decoder) throws { self = try decodeLossless(from: decoder, what: "IKE proposal") }
    public func encode(to encoder: any Encoder) throws { try encodeLossless(self, to: encoder) }
}

/// One set of algorithms offered for a child SA; its text is `aes256gcm16`, `aes256-sha256` or, with a fresh key exchange at
/// each rekey, `aes256gcm16-x25519`. Extended sequence numbers are always offered first (RFC 4303, 2.2.1).
public struct ESPProposal: Sendable, Hashable {
    public let encryption: EncryptionAlgorithm
    public let keyExchange: KeyExchangeMethod?

    public init(encryption: EncryptionAlgorithm, keyExchange: KeyExchangeMethod? = nil) {
        self.encryption = encryption
        self.keyExchange = keyExchange
    }
}

extension ESPProposal: LosslessStringConvertible, Codable {
    public init?(_ description: String) {
        if let encryption = EncryptionAlgorithm(rawValue: description) {
            self.init(encryption: encryption)
        } else if let dash = description.lastIndex(of: "-"),
            let encryption = EncryptionAlgorithm(rawValue: String(description[..<dash])),
            let group = KeyExchangeMethod(rawValue: String(description[description.index(after: dash)...]))
        {
            self.init(encryption: encryption, keyExchange: group)
        } else {
            return nil
        }
    }
    public var description: String {
        keyExchange.map { "\(encryption.rawValue)-\($0.rawValue)" } ?? encryption.rawValue
    }
    public init(from decoder: any Decoder) throws { self = try decodeLossless(from: decoder, what: "ESP proposal") }
    public func encode(to encoder: any Encoder) throws { try encodeLossless(self, to: encoder) }
}

/// What carries the ESP packets of a link. A NAT between its gateways is passed in UDP whatever is said here (RFC 7296, 2.23).
public enum ESPEncapsulation: String, Sendable, Hashable, Codable, CaseIterable {
    /// UDP port 4500 (RFC 3948) where one of the gateways is an embedded one, which sends many packets at once so; else IP.
    case auto
    /// IP itself, as its protocol 50 (RFC 4303, 2).
    case esp

    /// Whether packets are in UDP on a way without a NAT.
    public func usesUDP(isEmbedded: Bool) -> Bool { self == .auto && isEmbedded }
}

/// How a link is protected. The defaults are what an inventory that says nothing gets.
public struct IPsecParameters: Sendable, Hashable {
    public var mode: IPsecMode
    public var encapsulation: ESPEncapsulation
    public var ike: IKEParameters
    public var child: ChildSAParameters

    public init(
        mode: IPsecMode = .tunnel, encapsulation: ESPEncapsulation = .auto, ike: IKEParameters = .init(),
        child: ChildSAParameters = .init()
    ) {
        self.mode = mode
        self.encapsulation = encapsulation
        self.ike = ike
        self.child = child
    }
}

/// Plans that are older than the encapsulation do not name it, and those with the default are written as those were.
extension IPsecParameters: Codable {
    private enum CodingKeys: CodingKey { case mode, encapsulation, ike, child }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            mode: try values.decode(IPsecMode.self, forKey: .mode),
            encapsulation: try values.decodeIfPresent(ESPEncapsulation.self, forKey: .encapsulation) ?? .auto,
            ike: try values.decode(IKEParameters.self, forKey: .ike),
            child: try values.decode(ChildSAParameters.self, forKey: .child))
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(mode, forKey: .mode)
        if encapsulation != .auto { try values.encode(encapsulation, forKey: .encapsulation) }
        try values.encode(ike, forKey: .ike)
        try values.encode(child, forKey: .child)
    }
}

/// The IKE SA's part of `IPsecParameters`.
public struct IKEParameters: Sendable, Hashable, Codable {
    public var proposals: [IKEProposal]
    /// Seconds after which the IKE SA is replaced.
    public var lifetimeSeconds: UInt32
    /// Seconds of silence after which the peer is asked whether it lives (RFC 7296, 2.4).
    public var livenessSeconds: UInt32

    public init(
        proposals: [IKEProposal] = [.init(encryption: .aes256gcm16, prf: .prfsha384, keyExchange: .x25519)],
        lifetimeSeconds: UInt32 = 4 * 3600, livenessSeconds: UInt32 = 10
    ) {
        self.proposals = proposals
        self.lifetimeSeconds = lifetimeSeconds
        self.livenessSeconds = livenessSeconds
    }
}

/// The child SA's part of `IPsecParameters`.
public struct ChildSAParameters: Sendable, Hashable, Codable {
    public var proposals: [ESPProposal]
    /// Seconds after which the child SA is replaced.
    public var lifetimeSeconds: UInt32
    /// Bytes, in one direction, after which the child SA is replaced.
    public var lifetimeBytes: UInt64
    /// Packets, in one direction, after which the child SA is replaced; nil: as many as its sequence numbers allow.
    public var lifetimePackets: UInt64?

    public init(
        proposals: [ESPProposal] = [.init(encryption: .aes256gcm16)], lifetimeSeconds: UInt32 = 3600,
        lifetimeBytes: UInt64 = 64 << 30, lifetimePackets: UInt64? = nil
    ) {
        self.proposals = proposals
        self.lifetimeSeconds = lifetimeSeconds
        self.lifetimeBytes = lifetimeBytes
        self.lifetimePackets = lifetimePackets
    }
}

import Crypto
import WarrenModel

/// The 32 bytes that every pre-shared key of a mesh is derived from. Pure: whoever keeps the secret reads and makes it.
public struct MeshSecret: Sendable {
    /// In bytes.
    public static let length = 32
    private let bytes: SecretBytes

    /// Nil unless there are `length` bytes.
    public init?(_ bytes: SecretBytes) {
        guard bytes.count == Self.length else { return nil }
        self.bytes = bytes
    }

    /// The key of the link between two sites that a controller knows. A site that is deleted and declared again has a
    /// new id, hence new keys.
    public func preSharedKey(between a: SiteID, and b: SiteID, epoch: UInt32) -> PreSharedKey {
        derive("warren pre-shared key 1", [a.description, b.description].sorted(), epoch)
    }

    /// The key of a link without a controller: there are no ids, so the sites' names stand for them. Another key than
    /// the controller's, also of the same secret.
    public func preSharedKey(byNamesOf reference: PSKReference) -> PreSharedKey {
        derive("warren pre-shared key by names 1", reference.link.sites.map(\.description), reference.epoch)
    }

    /// HKDF-SHA256 (RFC 5869), whose info is the label, both names after a zero byte each, another zero byte, and the
    /// epoch in network order.
    private func derive(_ label: String, _ sites: [String], _ epoch: UInt32) -> PreSharedKey {
        let info =
            Array(label.utf8) + sites.flatMap { [0] + Array($0.utf8) }
            + [0] + stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: epoch >> UInt32($0)) }
        let key = bytes.withBytes { SymmetricKey(data: $0) }
        let derived = HKDF<SHA256>.deriveKey(inputKeyMaterial: key, info: info, outputByteCount: Self.length)
        return PreSharedKey(derived.withUnsafeBytes { SecretBytes($0) })
    }
}

import Crypto
import WarrenModel

/// The 32 random bytes that every pre-shared key of a mesh is derived from.
struct MeshSecret: Sendable {
    static let length = 32
    private let key: SymmetricKey

    /// Loads the state's secret, or makes it at the first start.
    init(in state: StateDirectory) throws(ControllerError) {
        if let bytes = try state.readSecret("mesh-secret") {
            guard bytes.count == Self.length else {
                throw .stateDirectory(state.file("mesh-secret"), "is not \(Self.length) bytes")
            }
            key = SymmetricKey(data: bytes)
        } else {
            key = SymmetricKey(size: .bits256)
            try state.writeSecret("mesh-secret", key.withUnsafeBytes { Array($0) })
        }
    }

    /// The key of the link between two sites in an epoch: HKDF-SHA256 (RFC 5869), whose info is a fixed label, both site
    /// ids in order, and the epoch. A site that is deleted and declared again has a new id, hence new keys.
    func preSharedKey(between a: SiteID, and b: SiteID, epoch: UInt32) -> PreSharedKey {
        let ids = [a.description, b.description].sorted()
        let info =
            Array("warren pre-shared key 1".utf8) + ids.flatMap { [0] + Array($0.utf8) }
            + [0] + stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: epoch >> UInt32($0)) }
        let derived = HKDF<SHA256>.deriveKey(inputKeyMaterial: key, info: info, outputByteCount: Self.length)
        return PreSharedKey(derived.withUnsafeBytes { SecretBytes($0) })
    }
}

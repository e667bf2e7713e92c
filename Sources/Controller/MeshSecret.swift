import Crypto
import WarrenFailpoints
import WarrenKeys
import WarrenModel

extension MeshSecret {
    /// Loads the state's secret, or makes it at the first start.
    init(in state: StateDirectory) throws(ControllerError) {
        let bytes: [UInt8]
        if let kept = try state.readSecret("mesh-secret") {
            bytes = kept
        } else {
            bytes = SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
            try state.writeSecret("mesh-secret", bytes)
            Failpoint.controllerSecretMade.pass()
        }
        guard let secret = MeshSecret(SecretBytes(bytes)) else {
            throw .stateDirectory(state.file("mesh-secret"), "is not \(Self.length) bytes")
        }
        self = secret
    }
}

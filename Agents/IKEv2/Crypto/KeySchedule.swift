import WarrenModel

/// The keys of one IKE SA (RFC 7296, 2.14). With an AEAD there are no SK_a (RFC 5282, 7.1).
struct IKEKeys: Sendable, Equatable {
    let prf: PseudoRandomFunction
    let encryption: EncryptionAlgorithm
    let derivation: SecretBytes
    /// Key and salt of what the SA's initiator sends.
    let encryptionInitiator: SecretBytes
    let encryptionResponder: SecretBytes
    let authenticationInitiator: SecretBytes
    let authenticationResponder: SecretBytes

    /// The keys of the first IKE SA of a pair.
    init(
        proposal: IKEProposal, shared: SecretBytes, nonceInitiator: [UInt8], nonceResponder: [UInt8], initiatorSPI: IKESPI,
        responderSPI: IKESPI
    ) {
        let seed = shared.withBytes { proposal.prf(SecretBytes(nonceInitiator + nonceResponder), Array($0)) }
        self.init(
            proposal: proposal, skeyseed: seed,
            seed: nonceInitiator + nonceResponder + initiatorSPI.networkBytes + responderSPI.networkBytes)
    }

    /// The keys of an IKE SA that replaces `old` (RFC 7296, 2.18): SKEYSEED comes from the old SA's prf and SK_d.
    init(
        replacing old: IKEKeys, proposal: IKEProposal, shared: SecretBytes, nonceInitiator: [UInt8], nonceResponder: [UInt8],
        initiatorSPI: IKESPI, responderSPI: IKESPI
    ) {
        var input = shared.withBytes { Array($0) } + nonceInitiator + nonceResponder
        let seed = old.prf(old.derivation, input)
        erase(&input)
        self.init(
            proposal: proposal, skeyseed: seed,
            seed: nonceInitiator + nonceResponder + initiatorSPI.networkBytes + responderSPI.networkBytes)
    }

    private init(proposal: IKEProposal, skeyseed: SecretBytes, seed: [UInt8]) {
        prf = proposal.prf
        encryption = proposal.encryption
        let key = encryption.keyingMaterialLength, output = prf.outputLength
        let pieces = prf.plus(skeyseed, seed, lengths: [output, key, key, output, output])
        derivation = pieces[0]
        encryptionInitiator = pieces[1]
        encryptionResponder = pieces[2]
        authenticationInitiator = pieces[3]
        authenticationResponder = pieces[4]
    }

    /// KEYMAT of a child SA (RFC 7296, 2.17): first for what the exchange's initiator sends, then for what it receives.
    func childKeys(
        _ encryption: EncryptionAlgorithm, shared: SecretBytes?, nonceInitiator: [UInt8], nonceResponder: [UInt8]
    ) -> (fromInitiator: SecretBytes, fromResponder: SecretBytes) {
        let length = encryption.keyingMaterialLength
        var seed = (shared?.withBytes { Array($0) } ?? []) + nonceInitiator + nonceResponder
        let pieces = prf.plus(derivation, seed, lengths: [length, length])
        erase(&seed)
        return (pieces[0], pieces[1])
    }

    func encryptionKey(fromInitiator: Bool) -> SecretBytes { fromInitiator ? encryptionInitiator : encryptionResponder }
}

/// Proof of the pre-shared key (RFC 7296, 2.15).
enum SharedKeyAuthentication {
    static let method: UInt8 = 2
    private static let pad = Array("Key Pad for IKEv2".utf8)

    /// AUTH of the end whose first message was `message`; `peerNonce` is the nonce that it received.
    static func code(
        prf: PseudoRandomFunction, key: PreSharedKey, message: [UInt8], peerNonce: [UInt8], identity: Identification,
        identityKey: SecretBytes
    ) -> SecretBytes {
        let identityCode = prf(identityKey, identity.body).withBytes { Array($0) }
        return prf(prf(key.secret, pad), message + peerNonce + identityCode)
    }
}

import WarrenModel

/// Offers, choices and checks of proposals (RFC 7296, 2.7 and 3.3).
enum Negotiation {
    /// ChaCha20 has one key length, which is not said (RFC 7634, 4).
    private static func encryption(_ algorithm: EncryptionAlgorithm) -> Transform {
        switch algorithm {
        case .aes128gcm16: Transform(.encryption, 20, keyLengthBits: 128)
        case .aes256gcm16: Transform(.encryption, 20, keyLengthBits: 256)
        case .chacha20poly1305: Transform(.encryption, 28)
        case .aes128sha256: Transform(.encryption, 12, keyLengthBits: 128)
        case .aes256sha256: Transform(.encryption, 12, keyLengthBits: 256)
        }
    }

    /// AUTH_HMAC_SHA2_256_128 (RFC 4868), beside a cipher that does not authenticate.
    private static let integrity = Transform(.integrity, 12)

    /// What a child SA's encryption is called on the wire.
    private static func protection(_ algorithm: EncryptionAlgorithm) -> [Transform] {
        algorithm.isAuthenticated ? [encryption(algorithm)] : [encryption(algorithm), integrity]
    }

    // MARK: IKE SA

    static func offer(_ configured: [IKEProposal], spi: IKESPI? = nil) -> [WireProposal] {
        configured.prefix(SAPayload.maximumProposals).enumerated().map { index, proposal in
            WireProposal(
                number: UInt8(index + 1), protocolID: SecurityProtocol.ike, spi: spi?.networkBytes ?? [],
                transforms: [
                    encryption(proposal.encryption), Transform(.prf, proposal.prf.transformID),
                    Transform(.keyExchange, proposal.keyExchange.groupNumber),
                ])
        }
    }

    /// Our first proposal that the peer offers too, and the answer that says so with `spi`, ours.
    static func choose(
        _ offered: [WireProposal], from configured: [IKEProposal], spi: IKESPI? = nil
    ) -> (proposal: IKEProposal, answer: WireProposal, peerSPI: [UInt8])? {
        for proposal in configured {
            for candidate in offered where matches(candidate, proposal) && candidate.spi.count == (spi == nil ? 0 : 8) {
                var answer = offer([proposal], spi: spi)[0]
                answer.number = candidate.number
                return (proposal, answer, candidate.spi)
            }
        }
        return nil
    }

    /// What the peer chose from our offer; nil when it chose none of it.
    static func chosen(_ answer: [WireProposal], from configured: [IKEProposal]) -> IKEProposal? {
        guard answer.count == 1, let only = answer.first else { return nil }
        return configured.first { matches(only, $0) && only.transforms.count == 3 + only.ids(.integrity).count }
    }

    private static func matches(_ wire: WireProposal, _ proposal: IKEProposal) -> Bool {
        wire.protocolID == SecurityProtocol.ike && wire.has(encryption(proposal.encryption))
            && wire.has(Transform(.prf, proposal.prf.transformID))
            && wire.has(Transform(.keyExchange, proposal.keyExchange.groupNumber))
            && othersMayBeNone(wire, except: [.encryption, .prf, .keyExchange])
    }

    /// Types that we don't use must be absent or offer NONE, which is 0 in each of them.
    private static func othersMayBeNone(_ wire: WireProposal, except used: [Transform.Kind]) -> Bool {
        let others = Set(wire.transforms.map(\.type)).subtracting(used.map(\.rawValue))
        return others.allSatisfy { type in wire.transforms.contains { $0.type == type && $0.id == 0 } }
    }

    // MARK: child SA

    struct ChildChoice: Equatable {
        let encryption: EncryptionAlgorithm
        let extendedSequenceNumbers: Bool
        let keyExchange: KeyExchangeMethod?
    }

    /// Extended sequence numbers first, none second. IKE_AUTH has no key exchange of its own (RFC 7296, 1.2).
    static func offer(_ configured: [ESPProposal], spi: SPI, withKeyExchange: Bool) -> [WireProposal] {
        configured.prefix(SAPayload.maximumProposals).enumerated().map { index, proposal in
            var transforms = protection(proposal.encryption)
            if withKeyExchange, let group = proposal.keyExchange {
                transforms.append(Transform(.keyExchange, group.groupNumber))
            }
            transforms += [Transform(.extendedSequenceNumbers, 1), Transform(.extendedSequenceNumbers, 0)]
            return WireProposal(
                number: UInt8(index + 1), protocolID: SecurityProtocol.esp, spi: spi.networkBytes, transforms: transforms)
        }
    }

    static func choose(
        _ offered: [WireProposal], from configured: [ESPProposal], spi: SPI, withKeyExchange: Bool
    ) -> (choice: ChildChoice, answer: WireProposal, peerSPI: SPI)? {
        for proposal in configured {
            for candidate in offered {
                guard let choice = choice(candidate, proposal, withKeyExchange), let peerSPI = SPI(networkBytes: candidate.spi),
                    peerSPI >= .smallestAllowed
                else { continue }
                var transforms = protection(choice.encryption)
                if let group = choice.keyExchange { transforms.append(Transform(.keyExchange, group.groupNumber)) }
                transforms.append(Transform(.extendedSequenceNumbers, choice.extendedSequenceNumbers ? 1 : 0))
                let answer = WireProposal(
                    number: candidate.number, protocolID: SecurityProtocol.esp, spi: spi.networkBytes, transforms: transforms)
                return (choice, answer, peerSPI)
            }
        }
        return nil
    }

    static func chosen(
        _ answer: [WireProposal], from configured: [ESPProposal], withKeyExchange: Bool
    ) -> (choice: ChildChoice, peerSPI: SPI)? {
        guard answer.count == 1, let only = answer.first, only.ids(.encryption).count == 1, only.ids(.integrity).count <= 1,
            only.ids(.extendedSequenceNumbers).count <= 1, only.ids(.keyExchange).count <= 1,
            let peerSPI = SPI(networkBytes: only.spi), peerSPI >= .smallestAllowed
        else { return nil }
        for proposal in configured {
            if let choice = choice(only, proposal, withKeyExchange) { return (choice, peerSPI) }
        }
        return nil
    }

    private static func choice(_ wire: WireProposal, _ proposal: ESPProposal, _ withKeyExchange: Bool) -> ChildChoice? {
        let apart: [Transform.Kind] = proposal.encryption.isAuthenticated ? [] : [.integrity]
        guard wire.protocolID == SecurityProtocol.esp, protection(proposal.encryption).allSatisfy(wire.has),
            othersMayBeNone(wire, except: [.encryption, .keyExchange, .extendedSequenceNumbers] + apart)
        else { return nil }
        let numbers = wire.ids(.extendedSequenceNumbers), groups = wire.ids(.keyExchange)
        guard numbers.isEmpty || numbers.contains(0) || numbers.contains(1) else { return nil }
        if withKeyExchange {
            if let group = proposal.keyExchange {
                guard groups.contains(group.groupNumber) else { return nil }
            } else {
                guard groups.isEmpty || groups.contains(0) else { return nil }
            }
        }
        return ChildChoice(
            encryption: proposal.encryption, extendedSequenceNumbers: numbers.contains(1),
            keyExchange: withKeyExchange ? proposal.keyExchange : nil)
    }
}

/// Traffic selectors of a link on the wire and back (RFC 7296, 2.9). `wanted` is written as outbound packets have it.
enum Narrowing {
    static func local(_ wanted: [TrafficSelector]) -> [WireTrafficSelector] {
        wanted.map { WireTrafficSelector($0.source, $0.ipProtocol) }
    }

    static func remote(_ wanted: [TrafficSelector]) -> [WireTrafficSelector] {
        wanted.map { WireTrafficSelector($0.destination, $0.ipProtocol) }
    }

    /// The wanted selectors that the peer's two lists cover whole; never anything that we don't want.
    static func covered(
        _ wanted: [TrafficSelector], local: [WireTrafficSelector], remote: [WireTrafficSelector]
    ) -> [TrafficSelector] {
        wanted.filter { selector in
            local.contains { $0.contains(WireTrafficSelector(selector.source, selector.ipProtocol)) }
                && remote.contains { $0.contains(WireTrafficSelector(selector.destination, selector.ipProtocol)) }
        }
    }

    /// An answer may only narrow what was offered.
    static func isNarrowing(_ answer: [WireTrafficSelector], of offered: [WireTrafficSelector]) -> Bool {
        answer.allSatisfy { selector in offered.contains { $0.contains(selector) } }
    }
}

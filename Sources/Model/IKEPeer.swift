/// What the IKE daemon of one gateway must know of one peer.
///
/// A copy costs no more than a reference: a peer is in plans, in what is observed and in the steps between the two.
public struct IKEPeer: Sendable {
    private let content: Content

    fileprivate final class Content: Sendable, Codable, Equatable {
        let peer: SiteName
        let outer: AddressPair
        let initiator: Bool
        let parameters: IPsecParameters
        let selectors: [TrafficSelector]
        let key: PSKReference
        let alternatives: [IKEAlternative]
        let keyFloor: UInt32?

        init(
            peer: SiteName, outer: AddressPair, initiator: Bool, parameters: IPsecParameters, selectors: [TrafficSelector],
            key: PSKReference, alternatives: [IKEAlternative], keyFloor: UInt32?
        ) {
            self.peer = peer
            self.outer = outer
            self.initiator = initiator
            self.parameters = parameters
            self.selectors = selectors
            self.key = key
            self.alternatives = alternatives
            self.keyFloor = keyFloor
        }

        static func == (a: Content, b: Content) -> Bool {
            a.peer == b.peer && a.key == b.key && a.keyFloor == b.keyFloor && a.initiator == b.initiator && a.outer == b.outer
                && a.parameters == b.parameters && a.selectors == b.selectors && a.alternatives == b.alternatives
        }
    }

    public init(
        peer: SiteName, outer: AddressPair, initiator: Bool, parameters: IPsecParameters, selectors: [TrafficSelector],
        key: PSKReference, alternatives: [IKEAlternative] = [], keyFloor: UInt32? = nil
    ) {
        content = Content(
            peer: peer, outer: outer, initiator: initiator, parameters: parameters, selectors: selectors, key: key,
            alternatives: alternatives, keyFloor: keyFloor)
    }

    public var peer: SiteName { content.peer }
    public var outer: AddressPair { content.outer }
    /// Exactly one end of a link starts: the one whose name comes first in byte order.
    public var initiator: Bool { content.initiator }
    public var parameters: IPsecParameters { content.parameters }
    /// What the child SA protects, seen outbound: one selector per encapsulated family.
    public var selectors: [TrafficSelector] { content.selectors }
    public var key: PSKReference { content.key }
    /// What is taken from the peer as well, and never asked for: while a change of the link is under way, what the other
    /// end may still run, or run already. Empty otherwise.
    public var alternatives: [IKEAlternative] { content.alternatives }
    /// The lowest epoch of a key that nobody else can have. Where it rises, what was made under a key that is not accepted any
    /// more ends at once, instead of when something else carries the packets. Nil: the trust in a key never ended.
    public var keyFloor: UInt32? { content.keyFloor }

    /// The keys that it may authenticate with: the preferred one first.
    public var acceptedKeys: [PSKReference] { alternatives.isEmpty ? [key] : [key] + alternatives.map(\.key) }

    /// Whether it may authenticate with that key.
    public func accepts(_ reference: PSKReference) -> Bool {
        key == reference || alternatives.contains { $0.key == reference }
    }

    /// The ways in which the link may run: the preferred one first.
    public var ways: [IKEAlternative] { [preferred] + alternatives }

    /// What the peer is asked for, as one of its alternatives would say it.
    public var preferred: IKEAlternative {
        IKEAlternative(outer: outer, parameters: parameters, selectors: selectors, key: key)
    }
}

extension IKEPeer: Hashable {
    public static func == (a: IKEPeer, b: IKEPeer) -> Bool { a.content === b.content || a.content == b.content }

    /// A gateway has few peers of one name.
    public func hash(into hasher: inout Hasher) { hasher.combine(peer) }
    public func _rawHashValue(seed: Int) -> Int { peer._rawHashValue(seed: seed) }
}

extension IKEPeer: Codable {
    public init(from decoder: any Decoder) throws { content = try Content(from: decoder) }
    public func encode(to encoder: any Encoder) throws { try content.encode(to: encoder) }
}

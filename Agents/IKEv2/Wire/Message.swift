/// The payloads of one message by kind: what the exchanges read.
struct PayloadSet {
    let payloads: [Payload]

    init(_ payloads: [Payload]) { self.payloads = payloads }

    /// The value of the one payload that `match` accepts; nil when there is none, or more than one.
    private func single<Value>(_ match: (Payload) -> Value?) -> Value? {
        let values = payloads.compactMap(match)
        return values.count == 1 ? values.first : nil
    }

    var proposals: [WireProposal]? {
        single { if case .securityAssociation(let proposals) = $0 { proposals } else { nil } }
    }
    var keyExchange: (group: UInt16, data: [UInt8])? {
        single { if case .keyExchange(let group, let data) = $0 { (group, data) } else { nil } }
    }
    var nonce: [UInt8]? { single { if case .nonce(let nonce) = $0 { nonce } else { nil } } }
    var identificationInitiator: Identification? {
        single { if case .identificationInitiator(let id) = $0 { id } else { nil } }
    }
    var identificationResponder: Identification? {
        single { if case .identificationResponder(let id) = $0 { id } else { nil } }
    }
    var authentication: (method: UInt8, data: [UInt8])? {
        single { if case .authentication(let method, let data) = $0 { (method, data) } else { nil } }
    }
    var selectorsInitiator: [WireTrafficSelector]? {
        single { if case .trafficSelectorsInitiator(let selectors) = $0 { selectors } else { nil } }
    }
    var selectorsResponder: [WireTrafficSelector]? {
        single { if case .trafficSelectorsResponder(let selectors) = $0 { selectors } else { nil } }
    }
    var notifies: [Notify] { payloads.compactMap { if case .notify(let notify) = $0 { notify } else { nil } } }
    var deletions: [Deletion] { payloads.compactMap { if case .delete(let deletion) = $0 { deletion } else { nil } } }

    func notify(_ type: NotifyType) -> Notify? { notifies.first { $0.type == type.rawValue } }
    func has(_ type: NotifyType) -> Bool { notify(type) != nil }
    var firstError: Notify? { notifies.first(where: \.isError) }
}

/// A message without encryption: only IKE_SA_INIT, and notifies about an IKE SA that we don't have.
enum PlainMessage {
    static func encode(_ header: MessageHeader, _ payloads: [Payload]) -> [UInt8] {
        let (first, body) = PayloadChain.encode(payloads)
        return header.encoded(nextPayload: first, length: MessageHeader.length + body.count) + body
    }

    static func parse(_ datagram: [UInt8], _ header: MessageHeader) throws(WireError) -> PayloadSet {
        PayloadSet(try PayloadChain.parse(datagram.dropFirst(MessageHeader.length), first: header.nextPayload))
    }
}

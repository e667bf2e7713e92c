import AgentCore
import WarrenModel
import WarrenPlan

/// Which links carry packets: how the gateways' IKE daemons come together.
protocol LinkLayer: AnyObject {
    func prepare(_ simulation: Simulation)
    /// A gateway did this.
    func performed(_ operation: Operation, _ gateway: Int, keys: [PSKReference: PreSharedKey])
    /// The gateway's daemon is new: it knows no peer and has no SA.
    func reset(_ gateway: Int)
    /// Something else that packets of the gateway meet has changed.
    func changed(_ gateway: Int)
    /// The way between two gateways was cut, or mended, in one direction.
    func setBlocked(_ from: Int, _ to: Int, _ isBlocked: Bool)
    func fill(_ report: inout AgentReport, of gateway: Int)
    /// Whether a link of the gateway fell silent: since when, each report tells anew.
    func isSilent(_ gateway: Int) -> Bool
    /// Links that carry packets, or did, and since when it is so.
    func isCarrying(_ a: Int, _ b: Int) -> Bool
}

/// One link, as packets find it.
final class LinkPair {
    let low: Int, high: Int
    let id: LinkID
    /// Ways of packets that are cut: from low to high, from high to low.
    var blocked = (up: 0, down: 0)
    var isCarrying = false
    /// When that changed last.
    var turned: UInt64 = 0
    /// The network was so bad that until then the link may go down.
    var excusedUntil: UInt64 = 0
    var everCarried = false
    var association: Association?
    /// The end that was configured last: it asks for what it prefers.
    var asker: Int?
    var holders = (low: false, high: false)
    var isAttemptDue = false
    /// Grows when the way of packets is cut or mended.
    var cuts = 0

    /// A child SA between the two, seen from the low end.
    final class Association {
        let way: Way
        let key: PreSharedKey
        let outbound: SPI, inbound: SPI

        init(way: Way, key: PreSharedKey, outbound: SPI, inbound: SPI) {
            self.way = way
            self.key = key
            self.outbound = outbound
            self.inbound = inbound
        }
    }

    /// Large, and kept by reference.
    final class Way {
        let alternative: IKEAlternative
        init(_ alternative: IKEAlternative) { self.alternative = alternative }
    }

    init(_ low: Gateway, _ high: Gateway) {
        self.low = low.number
        self.high = high.number
        id = LinkID(low.site, high.site)!
    }

    var isCut: Bool { blocked.up > 0 || blocked.down > 0 }
}

extension IKEAlternative {
    /// As the other end says it.
    var mirrored: IKEAlternative {
        IKEAlternative(
            outer: AddressPair(local: outer.remote, remote: outer.local), parameters: parameters,
            selectors: selectors.map(\.reversed), key: key)
    }

    /// The two ends can agree: proposals may be more than what they have in common, lifetimes are each end's own.
    func agrees(with other: IKEAlternative) -> Bool {
        outer == other.outer && key == other.key && parameters.mode == other.parameters.mode
            && (selectors == other.selectors || Set(selectors) == Set(other.selectors))
            && parameters.ike.proposals.contains(where: other.parameters.ike.proposals.contains)
            && parameters.child.proposals.contains(where: other.parameters.child.proposals.contains)
    }
}

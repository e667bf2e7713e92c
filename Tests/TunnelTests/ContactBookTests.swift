import IKEv2
import Testing
import WarrenModel

@testable import TunnelCore

/// What is counted of the IKE datagrams of each peer.
@Suite struct ContactBookTests {
    private static let here = IPAddress("203.0.113.10")!, there = IPAddress("198.51.100.20")!
    private static let site = SiteName("tokyo")!

    private func peer(alternative: IPAddress? = nil) -> IKEPeer {
        let key = PSKReference(link: LinkID(SiteName("berlin")!, Self.site)!, epoch: 1)
        func way(_ remote: IPAddress) -> IKEAlternative {
            IKEAlternative(
                outer: AddressPair(local: Self.here, remote: remote), parameters: IPsecParameters(), selectors: [], key: key)
        }
        let preferred = way(Self.there)
        return IKEPeer(
            peer: Self.site, outer: preferred.outer, initiator: true, parameters: preferred.parameters, selectors: [], key: key,
            alternatives: alternative.map { [way($0)] } ?? [])
    }

    private func datagram(_ remote: IPAddress) -> IKEDatagram {
        IKEDatagram(
            local: Endpoint(address: Self.here, port: 500), remote: Endpoint(address: remote, port: 500), bytes: [1])
    }

    private func at(_ seconds: UInt64) -> MonotonicTime { MonotonicTime(nanoseconds: seconds * 1_000_000_000) }

    @Test func countsWhatGoesAndWhatComes() {
        var book = ContactBook()
        book.set(peer())
        book.sent(datagram(Self.there), fault: nil, now: at(1))
        book.sent(datagram(Self.there), fault: nil, now: at(2))
        #expect(
            book.contacts(now: at(5)) == [PeerContact(peer: Self.site, sent: 2, unanswered: 2, lastSentSecondsAgo: 3)])
        book.received(datagram(Self.there), now: at(4))
        book.sent(datagram(Self.there), fault: "Operation not permitted", now: at(5))
        // What was not sent is not waited for.
        #expect(
            book.contacts(now: at(5)) == [
                PeerContact(
                    peer: Self.site, sent: 2, received: 1, lastSentSecondsAgo: 3, lastReceivedSecondsAgo: 1,
                    sendFault: "Operation not permitted")
            ])
    }

    /// Whoever writes to the port is no peer by that; one that moves keeps its account.
    @Test func knowsItsPeers() {
        var book = ContactBook()
        let elsewhere = IPAddress("192.0.2.7")!
        book.received(datagram(Self.there), now: at(1))
        book.set(peer())
        book.received(datagram(elsewhere), now: at(1))
        #expect(book.contacts(now: at(1)) == [PeerContact(peer: Self.site)])
        book.received(datagram(Self.there), now: at(2))
        book.set(peer(alternative: elsewhere))
        book.received(datagram(elsewhere), now: at(3))
        #expect(book.contacts(now: at(3)).first?.received == 2)
        book.remove(Self.site)
        book.remove(Self.site)
        book.received(datagram(Self.there), now: at(4))
        #expect(book.contacts(now: at(4)) == [])
    }
}

import IKEv2
import WarrenModel

/// Which IKE datagrams went to and came from each peer's addresses. What comes is counted before anything in it is believed.
struct ContactBook {
    private struct Account {
        var sent: UInt64 = 0
        var received: UInt64 = 0
        var unanswered: UInt64 = 0
        var sentAt: MonotonicTime?
        var receivedAt: MonotonicTime?
        var sendFault: String?
    }

    private var accounts: [SiteName: Account] = [:]
    private var sites: [IPAddress: SiteName] = [:]

    /// A peer, with every outer address that it may have; what was counted of it stays.
    mutating func set(_ peer: IKEPeer) {
        let account = accounts[peer.peer] ?? Account()
        remove(peer.peer)
        accounts[peer.peer] = account
        for way in peer.ways { sites[way.outer.remote] = peer.peer }
    }

    mutating func remove(_ peer: SiteName) {
        guard accounts.removeValue(forKey: peer) != nil else { return }
        sites = sites.filter { $0.value != peer }
    }

    /// `fault`: why the kernel did not send it; nil when it did.
    mutating func sent(_ datagram: IKEDatagram, fault: String?, now: MonotonicTime) {
        guard let peer = sites[datagram.remote.address] else { return }
        accounts[peer]?.sendFault = fault
        guard fault == nil else { return }
        accounts[peer]?.sent += 1
        accounts[peer]?.unanswered += 1
        accounts[peer]?.sentAt = now
    }

    mutating func received(_ datagram: IKEDatagram, now: MonotonicTime) {
        guard let peer = sites[datagram.remote.address] else { return }
        accounts[peer]?.received += 1
        accounts[peer]?.unanswered = 0
        accounts[peer]?.receivedAt = now
    }

    func contacts(now: MonotonicTime) -> [PeerContact] {
        accounts.sorted { $0.key < $1.key }.map { peer, account in
            PeerContact(
                peer: peer, sent: account.sent, received: account.received, unanswered: account.unanswered,
                lastSentSecondsAgo: account.sentAt.map { UInt64(clamping: now.since($0).wholeSeconds) },
                lastReceivedSecondsAgo: account.receivedAt.map { UInt64(clamping: now.since($0).wholeSeconds) },
                sendFault: account.sendFault)
        }
    }
}

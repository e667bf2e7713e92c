import Foundation
import WarrenModel

/// The record `epoch`: the era in which the controller speaks. It is 1 until a controller's state is restored from a
/// backup; since the agents have seen later generations than the restored one by then, what it says must count as newer than
/// all of them.
extension MeshStore {
    /// Begins `epoch`, which must be greater than the present one, in one transaction. Tokens that are still unused are
    /// good no more: they may have been used after the backup was taken.
    public func begin(epoch: UInt64, now: Date) async throws(StoreError) {
        let present = try await read("epoch", as: UInt64.self)
        guard epoch > present?.value ?? 1 else { throw .conflict(key: "epoch") }
        var transaction = StoreTransaction()
        transaction.require("epoch", at: present?.revision ?? .absent)
        transaction.put("epoch", try Self.encode(epoch))
        try await changeUnusedTokens(in: &transaction) { $0.usedAt = now }
        try await store.commit(transaction)
    }
}

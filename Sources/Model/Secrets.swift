/// Bytes that must not be seen: neither printed, nor described, nor mirrored, nor encoded by accident.
///
/// The bytes are overwritten when the last holder goes. Comparison takes the same time wherever the difference is.
public final class SecretBytes: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    nonisolated(unsafe) private let storage: UnsafeMutableRawBufferPointer

    public init(_ bytes: some Collection<UInt8>) {
        storage = .allocate(byteCount: bytes.count, alignment: 16)
        storage.copyBytes(from: bytes)
    }

    deinit {
        for index in storage.indices { storage[index] = 0 }
        withExtendedLifetime(storage) {}
        storage.deallocate()
    }

    public var count: Int { storage.count }

    /// Lends the bytes; they must not outlive the call.
    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(storage))
    }

    public var description: String { "<\(count) secret bytes>" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension SecretBytes: Equatable {
    public static func == (a: SecretBytes, b: SecretBytes) -> Bool {
        if a === b { return true }
        guard a.count == b.count else { return false }
        return zip(a.storage, b.storage).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

/// The secret of one link and epoch. It exists on the link's two gateways and, while a plan is sent, in the controller.
public struct PreSharedKey: Sendable, Equatable, CustomStringConvertible {
    public let secret: SecretBytes
    public init(_ secret: SecretBytes) { self.secret = secret }
    public var description: String { "<pre-shared key>" }
}

/// What stands for a pre-shared key wherever the key itself must not be: its link and its epoch.
public struct PSKReference: Sendable, Hashable, Codable, CustomStringConvertible {
    public let link: LinkID
    public let epoch: UInt32
    public init(link: LinkID, epoch: UInt32) {
        self.link = link
        self.epoch = epoch
    }
    public var description: String { "psk:\(link)#\(epoch)" }
}

extension PSKReference: QuickHashable {
    package func combine(into hash: inout QuickHash) {
        link.combine(into: &hash)
        hash.combine(UInt64(epoch))
    }

    public func _rawHashValue(seed: Int) -> Int { quickHash(seed) }
}

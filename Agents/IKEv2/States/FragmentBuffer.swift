/// Fragments of one message on their way to be whole (RFC 7383, 2.6). Only authentic fragments come here.
struct FragmentBuffer: Sendable {
    static let maximumFragments: UInt16 = 64
    static let maximumBytes = 64 * 1024

    private var messageID: UInt32?
    private var isResponse = false
    private var total: UInt16 = 0
    private var first: UInt8 = 0
    private var pieces: [UInt16: [UInt8]] = [:]

    /// Adds a piece; returns the whole message's inside when nothing is missing any more.
    mutating func add(
        messageID: UInt32, isResponse: Bool, number: UInt16, total: UInt16, first: UInt8, plaintext: [UInt8]
    ) -> (first: UInt8, plaintext: [UInt8])? {
        guard number >= 1, number <= total, total <= Self.maximumFragments else { return nil }
        if self.messageID != messageID || self.isResponse != isResponse || total > self.total {
            self = FragmentBuffer()
            self.messageID = messageID
            self.isResponse = isResponse
            self.total = total
        }
        // A smaller total is an attempt with a larger piece size that came late (RFC 7383, 2.6).
        guard total == self.total, pieces[number] == nil,
            pieces.values.reduce(plaintext.count, { $0 + $1.count }) <= Self.maximumBytes
        else { return nil }
        pieces[number] = plaintext
        if number == 1 { self.first = first }
        guard pieces.count == Int(total) else { return nil }
        let whole = pieces.sorted { $0.key < $1.key }.flatMap(\.value)
        let next = self.first
        self = FragmentBuffer()
        return (next, whole)
    }
}

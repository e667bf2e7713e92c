import WarrenModel

/// A capture as a file that tcpdump and Wireshark read: the classic pcap format, version 2.4, with times in nanoseconds, of
/// packets that begin with their IP header (LINKTYPE_RAW). All numbers are little-endian.
struct CaptureFile {
    static let type = "application/vnd.tcpdump.pcap"

    private let question: CaptureQuestion
    private var packets = 0
    private var bytes = 0

    init(of question: CaptureQuestion) { self.question = question }

    /// There are as many packets, or bytes of them, as there may be, whatever the agent sends.
    var isFull: Bool { packets >= question.packets || bytes >= CaptureQuestion.mostBytes }

    var header: [UInt8] {
        Self.little([0xA1B2_3C4D, 4 << 16 | 2, 0, 0, UInt32(question.longestRecord), 101])
    }

    /// The next packets; those beyond what there may be are left out.
    mutating func records(of chunk: CaptureChunk) -> [UInt8] {
        var records: [UInt8] = []
        for packet in chunk.packets where !isFull {
            packets += 1
            bytes += packet.bytes.count
            let (seconds, nanoseconds) = packet.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
            records += Self.little([
                UInt32(truncatingIfNeeded: seconds), UInt32(nanoseconds), UInt32(packet.bytes.count),
                UInt32(clamping: max(packet.length, packet.bytes.count)),
            ])
            records += packet.bytes
        }
        return records
    }

    private static func little(_ numbers: [UInt32]) -> [UInt8] {
        numbers.flatMap { number in [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: number >> $0) } }
    }
}

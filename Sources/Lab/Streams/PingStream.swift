/// The numbered answers of one `ping` of iputils that ran until it was interrupted.
public struct PingStream: Sendable {
    /// The text is not one that `ping` ended with a summary.
    public struct Unreadable: Error, CustomStringConvertible {
        public let description: String
    }

    public let sent: Int
    public let answered: Set<Int>
    public let repeated: [Int]

    public init(_ text: String) throws {
        var answered: Set<Int> = [], repeated: [Int] = [], sent: Int?
        for line in text.split(separator: "\n") {
            if let match = line.firstMatch(of: /bytes from .*icmp_seq=(\d+) .*time=/), let number = Int(match.1) {
                if !answered.insert(number).inserted { repeated.append(number) }
            } else if let match = line.firstMatch(of: /^(\d+) packets transmitted/) {
                sent = Int(match.1)
            }
        }
        guard let sent else { throw Unreadable(description: "no summary of ping in:\n\(text.suffix(500))") }
        (self.sent, self.answered, self.repeated) = (sent, answered, repeated)
    }

    /// The numbers that had no answer. The last may have been under way when ping was interrupted.
    public var lost: [Int] { lost(before: 1) }

    /// The same, without the last `underWay` numbers.
    public func lost(before underWay: Int) -> [Int] {
        sent <= underWay ? [] : (1...sent - underWay).filter { !answered.contains($0) }
    }
}

/// The numbered answers of one `ping` that ran until it was interrupted.
struct PingStream {
    let sent: Int
    let answered: Set<Int>
    let repeated: [Int]

    init(_ text: String) throws {
        var answered: Set<Int> = [], repeated: [Int] = [], sent: Int?
        for line in text.split(separator: "\n") {
            if let match = line.firstMatch(of: /bytes from .*icmp_seq=(\d+) .*time=/), let number = Int(match.1) {
                if !answered.insert(number).inserted { repeated.append(number) }
            } else if let match = line.firstMatch(of: /^(\d+) packets transmitted/) {
                sent = Int(match.1)
            }
        }
        guard let sent else { throw LinkRun.Unreadable(what: "no summary in:\n\(text)") }
        (self.sent, self.answered, self.repeated) = (sent, answered, repeated)
    }

    /// The numbers that had no answer. The last may have been under way when ping was interrupted.
    var lost: [Int] { sent < 2 ? [] : (1..<sent).filter { !answered.contains($0) } }
}

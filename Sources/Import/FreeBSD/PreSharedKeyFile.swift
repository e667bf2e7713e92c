/// Reads racoon's psk.txt for who has a key, and nothing else: what stands behind the name of a peer is never looked at.
enum PreSharedKeyFile {
    static func read(_ file: GatewayFile, _ leftOut: inout LeftOutList) {
        for (number, line) in file.text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = line.split(maxSplits: 1) { $0 == " " || $0 == "\t" || $0 == "\r" }
            guard let peer = words.first, !peer.hasPrefix("#") else { continue }
            // A line of one word may be a key that has lost its peer.
            let whose = words.count == 2 ? "for \(printable(peer))" : "of this line"
            leftOut.add(
                file.name, number + 1,
                "the pre-shared key \(whose): Warren replaces it by a key that it makes for each link; take this one away then")
        }
    }
}

/// `weak-proposal`: a proposal of an algorithm that no longer protects (RFC 8221, 5 and 6; RFC 8247, 2), with the name that
/// strongSwan, racoon or setkey give it. What is unknown, or good and not offered here, is an invalid value instead.
enum WeakProposal {
    private static let reasons: [(names: [String], reason: String)] = [
        (["null", "none"], "does not encrypt"),
        (["des", "des-cbc", "desiv32", "desiv64", "rc4", "rc5", "idea", "3idea"], "can be read by brute force"),
        (
            ["3des", "3des-cbc", "blowfish", "blowfish128", "blowfish192", "blowfish256", "cast128", "cast"],
            "has blocks of 64 bits, which repeat within one day's traffic"
        ),
        (["md5", "hmac_md5", "prfmd5", "md5_128"], "rests on MD5"),
        (["sha1", "sha", "hmac_sha1", "prfsha1", "sha1_160"], "rests on SHA-1"),
        (
            ["modp768", "modp1024", "modp1536", "modp1024s160", "modp2048s224", "modp2048s256", "dh1", "dh2", "dh5"],
            "is a group too small, or of unknown origin"
        ),
        (["ecp192", "ecp224"], "is a curve too small"),
    ]

    static func fault(in node: YAMLNode) -> Fault? {
        guard case .scalar(let text, _) = node.content, text.utf8.count <= 256 else { return nil }
        let parts = text.lowercased().split(separator: "-").map(String.init)
        for part in parts + [text.lowercased()] {
            guard let reason = reasons.first(where: { $0.names.contains(part) })?.reason else { continue }
            return Fault(
                .weakProposal, at: node.place, "the proposal \(quoted(text)) is weak: \(quoted(part)) \(reason)",
                remedy: "use aes256gcm16-prfsha384-x25519 for ike, aes256gcm16 for child")
        }
        return nil
    }
}

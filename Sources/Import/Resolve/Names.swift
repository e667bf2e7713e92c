import WarrenModel

/// `text` as a site's name: lower case, hyphens for all that a name may not have; nil when nothing is left.
func siteName(_ text: String) -> SiteName? {
    var bytes: [UInt8] = []
    for byte in text.utf8.prefix(4 * SiteName.maximumLength) {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): bytes.append(byte + 32)
        case UInt8(ascii: "a")...UInt8(ascii: "z"): bytes.append(byte)
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            if bytes.isEmpty { bytes += Array("site-".utf8) }
            bytes.append(byte)
        default: if let last = bytes.last, last != UInt8(ascii: "-") { bytes.append(UInt8(ascii: "-")) }
        }
    }
    bytes = Array(bytes.prefix(SiteName.maximumLength))
    while bytes.last == UInt8(ascii: "-") { bytes.removeLast() }
    return SiteName(String(decoding: bytes, as: UTF8.self))
}

/// Gives out names, each once.
struct NameBook {
    private var taken: Set<SiteName> = []
    private var number = 1

    /// The name that `text` makes, or with a number behind it when that is taken or `text` makes none.
    mutating func take(_ text: String) -> SiteName? {
        if let name = siteName(text), taken.insert(name).inserted { return name }
        let stem = siteName(text)?.description.prefix(SiteName.maximumLength - 8) ?? "site"
        // Each number is tried once, so that many equal names cost no more than as many others.
        while number < 1_000_000 {
            number += 1
            if let name = siteName("\(stem)-\(number)"), taken.insert(name).inserted { return name }
        }
        return nil
    }
}

/// A key that a full-screen view answers to.
enum Key: Sendable, Hashable {
    case up, down, left, right, pageUp, pageDown, top, bottom, quit
    case character(Character)

    /// The keys in what a terminal sent at once (ECMA-48 control sequences, as xterm and its kin send them). A sequence that
    /// stands for no key here is left out whole.
    static func read(_ bytes: ArraySlice<UInt8>) -> [Key] {
        var keys: [Key] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            if byte == 0x1B, let introducer = rest.first, introducer == UInt8(ascii: "[") || introducer == UInt8(ascii: "O") {
                rest.removeFirst()
                let parameters = rest.prefix { (0x20...0x3F).contains($0) }
                rest = rest.dropFirst(parameters.count)
                if let final = rest.popFirst(), let key = sequence(final, String(decoding: parameters, as: UTF8.self)) {
                    keys.append(key)
                }
            } else if let key = plain(byte) {
                keys.append(key)
            }
        }
        return keys
    }

    private static func sequence(_ final: UInt8, _ parameters: String) -> Key? {
        switch (final, parameters) {
        case (UInt8(ascii: "A"), _): .up
        case (UInt8(ascii: "B"), _): .down
        case (UInt8(ascii: "C"), _): .right
        case (UInt8(ascii: "D"), _): .left
        case (UInt8(ascii: "H"), _), (UInt8(ascii: "~"), "1"), (UInt8(ascii: "~"), "7"): .top
        case (UInt8(ascii: "F"), _), (UInt8(ascii: "~"), "4"), (UInt8(ascii: "~"), "8"): .bottom
        case (UInt8(ascii: "~"), "5"): .pageUp
        case (UInt8(ascii: "~"), "6"): .pageDown
        default: nil
        }
    }

    private static func plain(_ byte: UInt8) -> Key? {
        switch byte {
        case UInt8(ascii: "q"), UInt8(ascii: "Q"): .quit
        case UInt8(ascii: "k"), 0x10: .up
        case UInt8(ascii: "j"), 0x0E, 0x0D, 0x0A: .down
        case UInt8(ascii: "h"): .left
        case UInt8(ascii: "l"): .right
        case UInt8(ascii: "b"), 0x02: .pageUp
        case UInt8(ascii: " "), UInt8(ascii: "f"), 0x06: .pageDown
        case UInt8(ascii: "g"): .top
        case UInt8(ascii: "G"): .bottom
        case 0x21...0x7E: .character(Character(UnicodeScalar(byte)))
        default: nil
        }
    }
}

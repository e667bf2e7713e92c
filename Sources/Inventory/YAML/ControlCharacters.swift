/// The characters of a text that an editor would not show or would count as a line of its own: C0 and C1 controls but
/// tab, line feed and CR LF, the Unicode line and paragraph separators, and marks that reverse what is shown after them.
func controlCharacters(in text: String.UTF8View, file: Int) -> [Fault] {
    var faults: [Fault] = []
    var line = 1, column = 0
    var recent: (UInt8, UInt8) = (0, 0)
    for byte in text {
        if recent.1 == 0x0d, byte != 0x0a { report(0x0d) }
        if byte & 0xc0 != 0x80 { column += 1 }
        switch (recent.0, recent.1, byte) {
        case (_, _, 0x0a):
            line += 1
            column = 0
        case (_, _, 0..<0x20) where byte != 0x09 && byte != 0x0d, (_, _, 0x7f): report(UInt32(byte))
        case (_, 0xc2, 0x80...0x9f): report(UInt32(byte))
        case (0xe2, 0x80, 0xa8...0xae): report(0x2000 + UInt32(byte & 0x3f))
        case (0xe2, 0x81, 0xa6...0xa9): report(0x2040 + UInt32(byte & 0x3f))
        default: break
        }
        recent = (recent.1, byte)
        if faults.count >= 20 { break }
    }
    if recent.1 == 0x0d, faults.count < 20 { report(0x0d) }
    return faults

    func report(_ value: UInt32) {
        let digits = String(value, radix: 16, uppercase: true)
        let name = "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        faults.append(
            Fault(
                .controlCharacter, at: Place(file: file, line: line, column: max(1, column)),
                "the control character \(name) is not allowed", remedy: "remove it"))
    }
}

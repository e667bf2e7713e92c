import NIOCore
import WarrenStatus

extension ByteBuffer {
    /// The JSON of the status as `JSONEncoder` would say it with sorted keys, at a fraction of the cost: a large mesh has
    /// half a million links.
    mutating func writeJSON(_ status: LinkStatus) {
        writeString("{")
        if let flaps = status.flaps { writeString("\"flaps\":\(flaps),") }
        if let isFlapping = status.isFlapping { writeString("\"isFlapping\":\(isFlapping),") }
        if let isHeld = status.isHeld { writeString("\"isHeld\":\(isHeld),") }
        // Names are letters, digits, dots and hyphens.
        writeString("\"link\":{\"first\":\"")
        writeString(status.link.first.description)
        writeString("\",\"second\":\"")
        writeString(status.link.second.description)
        writeString("\"},")
        if let loss = status.lossPercent, loss.isFinite { writeString("\"lossPercent\":\(loss),") }
        if let mtu = status.pathMTU { writeString("\"pathMTU\":\(mtu),") }
        if let reason = status.reason {
            writeString("\"reason\":")
            writeJSONText(reason)
            writeString(",")
        }
        if let rate = status.receivedBitsPerSecond { writeString("\"receivedBitsPerSecond\":\(rate),") }
        if let time = status.roundTripMilliseconds, time.isFinite { writeString("\"roundTripMilliseconds\":\(time),") }
        if let rate = status.sentBitsPerSecond { writeString("\"sentBitsPerSecond\":\(rate),") }
        if let since = status.sinceSeconds, since.isFinite { writeString("\"sinceSeconds\":\(since),") }
        writeString("\"state\":\"")
        writeString(status.state.rawValue)
        writeString("\"}")
    }

    /// The text between quotation marks (RFC 8259, section 7).
    private mutating func writeJSONText(_ text: String) {
        writeString("\"")
        let isPlain = text.utf8.withContiguousStorageIfAvailable { $0.allSatisfy { $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C } }
        if isPlain == true {
            writeString(text)
        } else {
            for byte in text.utf8 {
                switch byte {
                case 0x22, 0x5C:
                    writeInteger(UInt8(0x5C))
                    writeInteger(byte)
                case 0..<0x20:
                    writeString("\\u00" + (byte < 0x10 ? "0" : "") + String(byte, radix: 16))
                default: writeInteger(byte)
                }
            }
        }
        writeString("\"")
    }
}

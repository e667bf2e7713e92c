import Foundation
import WarrenModel

extension CaptureQuestion {
    init(wire: Warren_Agent_V1_CaptureQuestion) throws(WireError) {
        self.init(
            peer: wire.hasPeer ? try Field.site(wire.peer, "capture.peer") : nil, seconds: wire.seconds, packets: wire.packets,
            isWhole: wire.whole)
        if let fault { throw Field.fault("capture", fault) }
    }

    var wire: Warren_Agent_V1_CaptureQuestion {
        .with {
            if let peer { $0.peer = peer.description }
            $0.seconds = seconds
            $0.packets = packets
            $0.whole = isWhole
        }
    }
}

extension CaptureChunk {
    init(wire: Warren_Agent_V1_CaptureChunk) throws(WireError) {
        self.init(
            packets: try wire.packets.read { packet throws(WireError) in
                guard packet.length <= CaptureQuestion.longestPacket, packet.data.count <= Int(packet.length) else {
                    throw Field.fault("capture.length", "more than can be")
                }
                return Packet(nanoseconds: packet.nanoseconds, length: Int(packet.length), bytes: Array(packet.data))
            }, lost: wire.lost)
    }

    var wire: Warren_Agent_V1_CaptureChunk {
        .with {
            $0.packets = packets.map { packet in
                .with {
                    $0.nanoseconds = packet.nanoseconds
                    $0.length = UInt32(clamping: packet.length)
                    $0.data = Data(packet.bytes)
                }
            }
            $0.lost = lost
        }
    }
}

extension Fact {
    /// A text is of many lines, so it is no prose; what it holds is for files and people alone.
    init(wire: Warren_Agent_V1_Fact) throws(WireError) {
        guard let fact = Fact(name: wire.name, text: wire.text) else { throw Field.fault("facts.name", "not a fact's name") }
        self = fact
    }

    var wire: Warren_Agent_V1_Fact {
        .with {
            $0.name = name
            $0.text = text
        }
    }
}

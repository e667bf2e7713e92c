/// What a tunnel adds to each packet, and so how large an inner packet may be.
///
/// From outside in: the IP header between the public addresses; 8 bytes of UDP when ESP is encapsulated in it (RFC 3948);
/// 8 of ESP and the cipher's IV; in tunnel mode the gif header, which in transport mode is the outer one; the inner packet;
/// padding, so that it and the 2-byte trailer fill the cipher's blocks (RFC 4303, 2.4); the ICV.
public enum PathMTU {
    /// Bytes that every path between gateways is taken to carry: Ethernet's.
    public static let assumed = 1500

    /// The largest inner packet, in bytes, that crosses a path of `pathMTU` bytes in one piece; 0 when none does.
    public static func largestInnerPacket(
        pathMTU: Int = assumed, outerFamily: AddressFamily, mode: IPsecMode, udpEncapsulation: Bool,
        encryption: EncryptionAlgorithm
    ) -> Int {
        let outer = outerFamily.headerLength + (udpEncapsulation ? 8 : 0)
        let sealed = pathMTU - outer - 8 - encryption.ivLength - encryption.icvLength
        let wholeBlocks = sealed / encryption.blockLength * encryption.blockLength
        let gifHeader = mode == .tunnel ? outerFamily.headerLength : 0
        return max(0, wholeBlocks - 2 - gifHeader)
    }

    /// What fits whichever of the link's proposals is chosen.
    public static func largestInnerPacket(
        of parameters: IPsecParameters, pathMTU: Int = assumed, outerFamily: AddressFamily, udpEncapsulation: Bool
    ) -> Int {
        parameters.child.proposals.reduce(pathMTU) { smallest, proposal in
            min(
                smallest,
                largestInnerPacket(
                    pathMTU: pathMTU, outerFamily: outerFamily, mode: parameters.mode, udpEncapsulation: udpEncapsulation,
                    encryption: proposal.encryption))
        }
    }
}

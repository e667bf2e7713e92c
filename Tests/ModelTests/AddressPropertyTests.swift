import Glibc
import SeededRandom
import Testing
import WarrenModel

/// Addresses and prefixes against the C library's and against definitions spelled out bit by bit.
@Suite struct AddressPropertyTests {
    private func randomAddress(_ random: inout SeededNumbers) -> IPAddress {
        if Bool.random(using: &random) { return IPAddress(v4: UInt32.random(in: 0 ... .max, using: &random)) }
        // Groups of zeros and small numbers, where compression has its corners.
        let bits = (0..<8).reduce(UInt128(0)) { bits, _ in
            let group = [0, 0, 0, 1, 0xf, 0x10, 0xffff, UInt16.random(in: 0 ... .max, using: &random)].randomElement(
                using: &random)
            return bits << 16 | UInt128(group ?? 0)
        }
        return IPAddress(v6: bits)
    }

    private func parsedByLibrary(_ text: String) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let isSix = text.contains(":")
        guard inet_pton(isSix ? AF_INET6 : AF_INET, text, &bytes) == 1 else { return nil }
        return isSix ? bytes : Array(bytes[..<4])
    }

    @Test(arguments: 0..<20) func whatIsPrintedReadsBackHereAndInTheLibrary(seed: UInt64) {
        var random = SeededNumbers(seed: seed)
        for _ in 0..<200 {
            let address = randomAddress(&random)
            #expect(IPAddress(address.description) == address)
            #expect(parsedByLibrary(address.description) == address.bytes)
        }
    }

    @Test(arguments: 0..<20) func damagedTextIsReadAsTheLibraryReadsItOrNotAtAll(seed: UInt64) {
        var random = SeededNumbers(seed: seed)
        let alphabet = Array("0123456789abcdefABCDEF:.%/ +-x".utf8)
        for _ in 0..<500 {
            var text = Array(randomAddress(&random).description.utf8)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let index = Int.random(in: 0...text.count, using: &random)
                if index < text.count, Bool.random(using: &random) { text.remove(at: index) }
                if Bool.random(using: &random), let byte = alphabet.randomElement(using: &random) {
                    text.insert(byte, at: min(index, text.count))
                }
            }
            let damaged = String(decoding: text, as: UTF8.self)
            if let address = IPAddress(damaged) { #expect(parsedByLibrary(damaged) == address.bytes, "\(damaged)") }
        }
    }

    @Test(arguments: 0..<20) func prefixesHoldWhatSharesTheirBits(seed: UInt64) throws {
        var random = SeededNumbers(seed: seed)
        for _ in 0..<200 {
            let address = randomAddress(&random), width = address.family.bitWidth
            let length = Int.random(in: 0...width, using: &random)
            let prefix = try #require(IPPrefix(containing: address, length: length))
            #expect(IPPrefix(prefix.description) == prefix)
            #expect(prefix.contains(address) && prefix.contains(prefix.first) && prefix.contains(prefix.last))
            #expect(length == 0 || prefix.first.bits >> UInt128(width - length) == prefix.last.bits >> UInt128(width - length))
            if let next = prefix.last.advanced(by: 1) { #expect(!prefix.contains(next)) }
            let other = randomAddress(&random)
            let sharesBits = (0..<length).allSatisfy { bit($0, of: other) == bit($0, of: address) }
            #expect(prefix.contains(other) == (other.family == address.family && sharesBits))
            #expect(address == prefix.address || IPPrefix("\(address)/\(length)") == nil)
        }
    }

    private func bit(_ index: Int, of address: IPAddress) -> Bool {
        let byte = index / 8
        return byte < address.bytes.count && address.bytes[byte] & (0x80 >> UInt8(index % 8)) != 0
    }

    @Test func aPrefixSortsJustBeforeWhatItHolds() throws {
        let texts = [
            "10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/24", "10.0.1.0/24", "10.1.0.0/16", "11.0.0.0/8", "::/0", "fd00::/64",
        ]
        let prefixes = try texts.map { try #require(IPPrefix($0)) }
        #expect(prefixes.reversed().sorted() == prefixes)
    }

    @Test func nothingLiesPastTheLastAddress() {
        #expect(IPAddress(v4: .max).advanced(by: 1) == nil)
        #expect(IPAddress(v6: .max).advanced(by: 1) == nil)
        #expect(IPAddress(v4: 0).advanced(by: .max) == nil)
        #expect(IPAddress(v4: 0x0a00_00ff).advanced(by: 1)?.description == "10.0.1.0")
    }

    @Test(arguments: [
        "10.0.0.0/33", "10.0.0.0/", "/8", "10.0.0.0/08", "10.0.0.0/8/8", "::/129", "10.0.0.0/+8", "::/ 64", "10.0.0.0",
    ])
    func refusesMalformedPrefixes(text: String) {
        #expect(IPPrefix(text) == nil)
        #expect(IPPrefix.parse(text) == nil)
    }

    @Test func lengthsOutsideTheFamilyAreRefused() {
        let address = IPAddress(v4: 1)
        for length in [-1, 33, Int.max, Int.min] { #expect(IPPrefix(containing: address, length: length) == nil) }
    }
}

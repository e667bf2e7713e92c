import Glibc
import Testing
import WarrenModel

/// The reader of addresses against the system's own, `inet_pton`, on texts that are almost addresses.
@Suite struct AddressTextTests {
    private func reference(_ text: String) -> IPAddress? {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 { return IPAddress(bytes: bytes.prefix(4)) }
        return inet_pton(AF_INET6, text, &bytes) == 1 ? IPAddress(bytes: bytes) : nil
    }

    @Test(arguments: 0..<20) func agreesWithTheSystem(seed: Int) {
        let samples = [
            "192.168.1.1", "0.0.0.0", "255.255.255.255", "::", "::1", "fd00:1::", "1:2:3:4:5:6:7:8", "::ffff:192.0.2.1",
            "1:2:3:4:5:6:192.0.2.1", "1::2:3", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "ABCD:ef01::12",
        ]
        let alphabet = Array("0123456789abcfFg.:: -+".utf8)
        var state = UInt64(seed) &* 2_654_435_761 &+ 17
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var valid = 0
        for _ in 0..<5000 {
            var text = Array(samples[random(samples.count)].utf8)
            for _ in 0..<random(4) {
                let at = random(text.count + 1)
                switch random(3) {
                case 0: text.insert(alphabet[random(alphabet.count)], at: at)
                case 1 where at < text.count: text.remove(at: at)
                default: if at < text.count { text[at] = alphabet[random(alphabet.count)] }
                }
                if text.isEmpty { text = [48] }
            }
            let word = String(decoding: text, as: UTF8.self)
            let expected = reference(word)
            #expect(IPAddress(word) == expected, "'\(word)'")
            if let expected {
                valid += 1
                #expect(IPAddress(expected.description) == expected)
            }
        }
        #expect(valid > 500)
    }

    @Test func prefixesReadAlikeFromBytesAndText() {
        for text in [
            "10.0.0.0/8", "10.0.0.1/8", "fd00::/8", "fd00::/129", "10.0.0.0/08", "10.0.0.0/", "/8", "10.0.0.0", "::/0", "::/00",
            "1.2.3.4/32/1",
        ] {
            #expect(IPPrefix(text: Array(text.utf8)[...]) == IPPrefix(text))
        }
        #expect(IPPrefix("10.0.0.0/8")?.length == 8)
        #expect(IPPrefix("10.0.0.0/08") == nil)
        #expect(IPPrefix(text: [0x31, 0x2f, 0xff]) == nil)
    }
}

import Testing
import WarrenModel

@Suite struct AddressTests {
    @Test(arguments: [
        ("192.168.1.1", "192.168.1.1"), ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"), ("::", "::"), ("::1", "::1"),
        ("fe80::1:0:0:1", "fe80::1:0:0:1"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("::ffff:192.0.2.1", "::ffff:c000:201"),
    ])
    func parsesAndPrintsCanonically(text: String, canonical: String) {
        #expect(IPAddress(text)?.description == canonical)
    }

    @Test(arguments: [
        "", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", "1.2.3.+4", ":::", "1::2::3", "12345::", "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9", "::1%eth0", "1:2:3:4:5:6:7::8:9", "g::1", ":1::2", "1.2.3.4::", "::+1", "::-0",
    ])
    func refusesMalformedText(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func prefixesKnowTheirBounds() throws {
        let prefix = try #require(IPPrefix("192.168.1.0/24"))
        #expect(prefix.last.description == "192.168.1.255")
        #expect(prefix.netmask.description == "255.255.255.0")
        #expect(IPPrefix("192.168.1.5/24") == nil)
        #expect(IPPrefix("0.0.0.0/0")?.last.description == "255.255.255.255")
        #expect(IPPrefix("::/0")?.last.description == "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
        #expect(prefix.overlaps(try #require(IPPrefix("192.168.0.0/16"))))
        #expect(!prefix.overlaps(try #require(IPPrefix("192.168.2.0/24"))))
    }

    @Test func addressesRoundTripThroughBytes() throws {
        for text in ["10.1.2.3", "fd00:1::42"] {
            let address = try #require(IPAddress(text))
            #expect(IPAddress(bytes: address.bytes) == address)
        }
        #expect(IPAddress(bytes: [1, 2, 3]) == nil)
    }
}

import Testing
import WarrenInventory
import WarrenModel

@Suite struct PublicAddressTests {
    private func replacing(_ value: String) throws -> InventoryLoad {
        load(try Mutation("203.0.113.10", value).applied)
    }

    @Test(arguments: [("dynamic", PublicAddressSource.agent), ("vpn.example.net", .name("vpn.example.net"))])
    func isLearned(text: String, source: PublicAddressSource) throws {
        for quoted in [text, "\"\(text)\""] {
            let result = try replacing(quoted)
            let gateway = try #require(result.inventory?.sites.first?.gateway, "\(result.diagnostics)")
            #expect(gateway.publicAddressSource == source && gateway.publicAddresses == [])
        }
    }

    @Test(arguments: [
        ("Vpn.Example.net", "did you mean 'vpn.example.net'?"), ("vpn.example.net.", "did you mean 'vpn.example.net'?"),
        ("dynamik", "did you mean 'dynamic'?"), ("Dynamic", "did you mean 'dynamic'?"),
        ("vpn", "write the whole name, such as vpn.example.net"),
        ("vpn_1.example.net", "a name has labels of a-z, 0-9 and inner hyphens, with single dots between"),
        ("[203.0.113.10, dynamic]", "write public: dynamic, or addresses only"),
        ("[vpn.example.net]", "write public: vpn.example.net, or addresses only"),
    ])
    func aWrongNameGetsARemedy(text: String, remedy: String) throws {
        let diagnostics = try replacing(text).diagnostics
        #expect(diagnostics.map(\.rule) == [.invalidValue])
        #expect(diagnostics.map(\.remedy) == [remedy])
    }

    @Test func whatLooksLikeAnAddressIsNoName() throws {
        for text in ["1.2.3", "1.2.3.256", "1.2.3.4/32", "\"fd00::x\""] {
            #expect(try replacing(text).diagnostics.map(\.remedy) == [nil], "\(text)")
        }
    }

    /// Rules of public addresses say nothing of one that is not known; the path's size counts with the smaller header.
    @Test func rulesOfAddressesWaitToo() throws {
        let learned = "{public: dynamic, private: 192.168.1.1"
        let four = "{public: 203.0.113.10, private: 192.168.1.1"
        #expect(load(pair.replacing(four, with: learned).replacing("198.51.100.20", with: "\"2001:db8::1\"")).diagnostics == [])
        #expect(
            load(pair.replacing("203.0.113.10", with: "dynamic").replacing("198.51.100.20", with: "dynamic")).diagnostics == [])
        let small = load(pair.replacing(four, with: learned + ", mtu: 600"))
        #expect(small.diagnostics.map(\.rule) == [.mtuTooSmall])
    }

    @Test func aNetworkThatHoldsALearnedAddressIsFound() throws {
        let text = "    tags: [europe]"
        let mutation = Mutation(text, "    translate: {192.168.1.0/24: 10.201.1.0/24}")
        let inventory = try #require(load(try mutation.applied).inventory)
        let found = try ["192.168.1.9", "10.201.1.9", "192.168.2.9", "198.51.100.7", "fd00::1"].map { text in
            let holding = inventory.network(holding: try #require(IPAddress(text)))
            return holding.map { "\($0.prefix) of \($0.site)" }
        }
        #expect(found == ["192.168.1.0/24 of berlin", "10.201.1.0/24 of berlin", "192.168.2.0/24 of tokyo", nil, nil])
    }
}

import ESP
import Testing
import WarrenModel

@Suite struct AssociationTable {
    @Test(arguments: [UInt64(1), 2, 3])
    func agreesWithADictionary(seed: UInt64) {
        var random = SeededGenerator(state: seed), table = SecurityAssociationDatabase<Int>(), dictionary: [UInt32: Int] = [:]
        for step in 0..<20_000 {
            // Few enough numbers that runs form and entries meet again; some far apart.
            let spi = UInt32.random(in: 0..<400, using: &random) &* (step % 3 == 0 ? 0x0100_0001 : 1)
            if UInt32.random(in: 0..<5, using: &random) < 3 - (step / 5000) % 2 {
                table.insert(step, spi: spi)
                if spi != 0 { dictionary[spi] = step }
            } else {
                #expect(table.remove(spi: spi) == dictionary.removeValue(forKey: spi))
            }
            #expect(table.count == dictionary.count)
            if step % 500 == 0 {
                for spi in UInt32(0)..<400 {
                    #expect(table[spi] == dictionary[spi])
                    #expect(table[spi &* 0x0100_0001] == dictionary[spi &* 0x0100_0001])
                }
                var sum = 0
                table.forEach { sum += $0 }
                #expect(sum == dictionary.values.reduce(0, +))
            }
        }
    }
}

@Suite struct AssociationTableOfObjects {
    private final class Entry {}

    @Test func anEntryIsFoundWithoutAReferenceToIt() {
        var table = SecurityAssociationDatabase<Entry>()
        let first = Entry(), second = Entry()
        #expect(table.unretained(0)?.toOpaque() == nil)
        #expect(table.unretained(7)?.toOpaque() == nil)
        table.insert(first, spi: 7)
        table.insert(second, spi: 8)
        #expect(table.unretained(0)?.toOpaque() == nil)
        #expect(table.unretained(7)?.takeUnretainedValue() === first)
        #expect(table.unretained(8)?.takeUnretainedValue() === second)
        table.remove(spi: 7)
        #expect(table.unretained(7)?.toOpaque() == nil)
        #expect(table.unretained(8)?.takeUnretainedValue() === second)
    }
}

@Suite struct Policies {
    let peer = SiteName("alpha")!, other = SiteName("gamma")!

    private func selector(_ source: String, _ destination: String, _ ipProtocol: IPProtocol) -> TrafficSelector {
        TrafficSelector(source: IPPrefix(source)!, destination: IPPrefix(destination)!, ipProtocol: ipProtocol)
    }

    @Test func theFirstThatMatchesDecides() {
        var database = SecurityPolicyDatabase()
        let narrow = SecurityPolicy(
            peer: peer, direction: .outbound, selector: selector("192.0.2.1/32", "198.51.100.2/32", .ipencap), mode: .tunnel)
        let wide = SecurityPolicy(
            peer: other, direction: .outbound, selector: selector("192.0.2.0/24", "198.51.100.0/24", .any), mode: .transport)
        database.add(narrow)
        database.add(wide)
        database.add(narrow)
        #expect(database.policies == [narrow, wide])
        func found(_ source: String, _ destination: String, _ ipProtocol: IPProtocol) -> SecurityPolicy? {
            database.policy(
                .outbound, source: IPAddress(source)!, destination: IPAddress(destination)!, ipProtocol: ipProtocol)
        }
        #expect(found("192.0.2.1", "198.51.100.2", .ipencap) == narrow)
        #expect(found("192.0.2.1", "198.51.100.2", .ipv6) == wide)
        #expect(found("192.0.2.9", "198.51.100.2", .ipencap) == wide)
        #expect(found("198.51.100.2", "192.0.2.1", .ipencap) == nil)
        #expect(found("2001:db8::1", "198.51.100.2", .ipencap) == nil)
        #expect(database.policy(.inbound, source: alpha, destination: beta, ipProtocol: .ipencap) == nil)
        database.remove(narrow)
        database.remove(narrow)
        #expect(found("192.0.2.1", "198.51.100.2", .ipencap) == wide)
    }

    @Test func inboundPacketsMustFitTheirAssociationAndThePolicy() {
        var database = SecurityPolicyDatabase()
        let policy = SecurityPolicy(
            peer: peer, direction: .inbound, selector: selector("192.0.2.1/32", "198.51.100.2/32", .ipencap), mode: .tunnel)
        func refusal(
            _ under: SecurityAssociation?, source: IPAddress = alpha, ipProtocol: IPProtocol = .ipencap
        ) -> DropReason? {
            database.refusal(source: source, destination: beta, ipProtocol: ipProtocol, securityAssociation: under)
        }
        // Without a policy nothing passes, protected or not.
        #expect(refusal(association(.inbound)) == .policyMismatch)
        #expect(refusal(nil) == .policyMismatch)
        database.add(policy)
        #expect(refusal(association(.inbound)) == nil)
        #expect(refusal(nil) == .unprotected)
        #expect(refusal(association(.inbound), source: beta) == .selectorMismatch)
        #expect(refusal(association(.inbound), ipProtocol: .ipv6) == .selectorMismatch)
        #expect(refusal(association(.inbound, mode: .transport)) == .policyMismatch)
        #expect(refusal(association(.inbound, selectors: [])) == .selectorMismatch)
        // Another peer's SA does not satisfy this policy, even with selectors that fit.
        database.remove(policy)
        database.add(.init(peer: other, direction: .inbound, selector: policy.selector, mode: .tunnel))
        #expect(refusal(association(.inbound)) == .policyMismatch)
    }

    @Test func whileALinkChangesItsModeSAsOfBothAreTaken() {
        var database = SecurityPolicyDatabase()
        database.add(.init(peer: peer, direction: .inbound, selector: association(.inbound).selectors[0], mode: .tunnel))
        func isTaken(_ mode: IPsecMode) -> Bool {
            database.refusal(
                source: alpha, destination: beta, ipProtocol: .ipencap, securityAssociation: association(.inbound, mode: mode))
                == nil
        }
        #expect(isTaken(.tunnel) && !isTaken(.transport))
        database.setModes([.tunnel, .transport], peer: other)
        #expect(isTaken(.tunnel) && !isTaken(.transport))
        database.setModes([.tunnel, .transport], peer: peer)
        #expect(isTaken(.tunnel) && isTaken(.transport))
        // What is configured decides, not what an entry that is still to go names.
        database.setModes([.transport], peer: peer)
        #expect(!isTaken(.tunnel) && isTaken(.transport))
        database.setModes(nil, peer: peer)
        #expect(isTaken(.tunnel) && !isTaken(.transport))
    }

    @Test func dropReasonsHaveNamesOfTheirOwn() {
        #expect(Set(DropReason.allCases.map(\.description)).count == DropReason.allCases.count)
    }
}

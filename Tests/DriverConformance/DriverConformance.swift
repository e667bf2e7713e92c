import AgentCore
import DataPlane
import Testing
import WarrenModel
import WarrenPlan

/// What every driver must keep, the fake included: one suite, run against each in turn.
@Suite struct DriverConformance {
    @Test(arguments: DriverKind.allCases)
    func whatIsSetIsObserved(kind: DriverKind) async throws {
        try await kind.withGateway { driver in
            #expect(Sample(try await driver.observe()) == Sample())
            try await driver.performAll(Sample.whole.operations)
            #expect(Sample(try await driver.observe()) == .whole)
        }
    }

    @Test(arguments: DriverKind.allCases)
    func everyOperationMayBeRepeated(kind: DriverKind) async throws {
        try await kind.withGateway { driver in
            for operation in Sample.whole.operations {
                try await driver.performAll([operation, operation])
            }
            #expect(Sample(try await driver.observe()) == .whole)
            try await driver.performAll(Sample.whole.operations)
            #expect(Sample(try await driver.observe()) == .whole)
        }
    }

    @Test(arguments: DriverKind.allCases)
    func whatIsAbsentMayBeRemoved(kind: DriverKind) async throws {
        try await kind.withGateway { driver in
            try await driver.performAll(Sample.whole.removals)
            #expect(Sample(try await driver.observe()) == Sample())
        }
    }

    @Test(arguments: DriverKind.allCases)
    func nothingIsLeftAfterRemovingAll(kind: DriverKind) async throws {
        try await kind.withGateway { driver in
            try await driver.performAll(Sample.whole.operations)
            for operation in Sample.whole.removals { try await driver.performAll([operation, operation]) }
            let left = try await driver.observe()
            #expect(Sample(left) == Sample())
            #expect(left.securityAssociations.isEmpty)
            #expect(left.ike.isEmpty)
        }
    }

    @Test(arguments: DriverKind.allCases)
    func oneOfTwoMayGo(kind: DriverKind) async throws {
        try await kind.withGateway { driver in
            try await driver.performAll(Sample.whole.operations)
            try await driver.performAll(
                Sample.tokyo.removals.filter { operation in
                    switch operation {
                    case .setFirewall, .setTranslations: false
                    default: true
                    }
                })
            var expected = Sample.lima
            expected.firewall = Sample.whole.firewall
            expected.translations = Sample.translations
            #expect(Sample(try await driver.observe()) == expected)
        }
    }

    @Test(arguments: DriverKind.allCases)
    func aTunnelMayChange(kind: DriverKind) async throws {
        try await kind.withGateway { driver in
            try await driver.performAll(Sample.whole.operations)
            let old = Sample.tokyoTunnel
            let changed = GIFTunnel(
                peer: old.peer, interface: old.interface,
                outer: AddressPair(local: old.outer.local, remote: address("192.0.2.77")),
                inner: AddressPair(local: old.inner.local, remote: address("192.168.2.9")), mtu: 1300, mode: .transport)
            try await driver.perform(.setTunnel(changed), keys: [:])
            let observed = try await driver.observe()
            #expect(observed.tunnels.map(\.tunnel).contains(changed))
            #expect(!observed.tunnels.map(\.tunnel).contains(old))
            #expect(observed.tunnels.count == 2)
        }
    }

    @Test(arguments: DriverKind.allCases)
    func aPeerMayChange(kind: DriverKind) async throws {
        try await kind.withGateway { driver in
            try await driver.performAll(Sample.whole.operations)
            let old = Sample.tokyoPeer
            let changed = IKEPeer(
                peer: old.peer, outer: old.outer, initiator: !old.initiator, parameters: IPsecParameters(mode: .transport),
                selectors: old.selectors, key: PSKReference(link: old.key.link, epoch: old.key.epoch + 1))
            let key = PreSharedKey(SecretBytes([UInt8](repeating: 9, count: 32)))
            try await driver.perform(.setPeer(changed), keys: [changed.key: key])
            #expect(try await driver.observe().peers == [changed, Sample.limaPeer])
        }
    }

    @Test(arguments: DriverKind.allCases)
    func aPeerWithoutItsKeyIsRefused(kind: DriverKind) async throws {
        try await kind.withGateway { driver in
            let error = await #expect(throws: DataPlaneError.self) {
                try await driver.perform(.setPeer(Sample.tokyoPeer), keys: [:])
            }
            #expect(error?.code == .invalid)
            let observed = try await driver.observe()
            #expect(Sample(observed) == Sample())
        }
    }

    @Test(arguments: DriverKind.allCases)
    func aRouteNeedsItsTunnel(kind: DriverKind) async throws {
        try await kind.withGateway { driver in
            let route = try #require(Sample.tokyo.routes.first)
            await #expect(throws: DataPlaneError.self) { try await driver.perform(.addRoute(route), keys: [:]) }
            #expect(Sample(try await driver.observe()) == Sample())
        }
    }

    @Test(arguments: DriverKind.allCases)
    func routesGoWithTheirTunnelAndTheUnreachableStays(kind: DriverKind) async throws {
        try await kind.withGateway { driver in
            try await driver.performAll(Sample.whole.operations)
            try await driver.perform(.removeTunnel(interface: Sample.tokyoTunnel.interface), keys: [:])
            let observed = try await driver.observe()
            #expect(observed.routes == Sample.lima.routes)
            #expect(observed.unreachable == Sample.whole.unreachable)
        }
    }

    @Test(arguments: DriverKind.allCases)
    func theFirewallIsReplacedAsAWhole(kind: DriverKind) async throws {
        try await kind.withGateway { driver in
            for rules in [Sample.tokyo.firewall, Sample.whole.firewall, Sample.lima.firewall, []] {
                try await driver.perform(.setFirewall(rules), keys: [:])
                #expect(try await driver.observe().firewall == rules)
            }
        }
    }

    @Test(arguments: DriverKind.allCases)
    func translationsAreReplacedAsAWhole(kind: DriverKind) async throws {
        try await kind.withGateway { driver in
            let all = Sample.translations
            for some in [all, Array(all.prefix(1)), Array(all.suffix(3)), []] {
                try await driver.perform(.setTranslations(some.reversed()), keys: [:])
                #expect(try await driver.observe().translations == some)
            }
        }
    }

    @Test(arguments: DriverKind.allCases)
    func nothingWorksBeforePrepare(kind: DriverKind) async throws {
        try await kind.withUnpreparedGateway { driver in
            let error = await #expect(throws: DataPlaneError.self) { try await driver.observe() }
            #expect(error?.code == .unavailable)
            try await driver.prepare()
            try await driver.prepare()
            #expect(Sample(try await driver.observe()) == Sample())
        }
    }
}

extension DataPlaneDriver {
    /// Performs each in order with the sample's keys.
    func performAll(_ operations: [Operation]) async throws {
        for operation in operations { try await perform(operation, keys: Sample.keys) }
    }
}

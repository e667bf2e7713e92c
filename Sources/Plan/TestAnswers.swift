import WarrenInventory
import WarrenModel

extension Inventory {
    /// `load`, and then the promises under `tests`, answered from the plan: those that do not hold are faults
    /// (`unreachable-test`), and take the inventory away like all others.
    public static func loadAndTest(_ files: [InventoryFile]) -> InventoryLoad {
        let load = load(files)
        guard let inventory = load.inventory, !inventory.tests.isEmpty else { return load }
        let faults = inventory.brokenTests()
        return faults.isEmpty ? load : InventoryLoad(inventory: nil, diagnostics: faults)
    }

    /// A diagnostic for each of its tests that does not hold, in their order.
    ///
    /// Answered for the mesh as it is once every public address is known: a link that waits for one breaks no promise, and
    /// that it waits keeps none.
    public func brokenTests() -> [Diagnostic] {
        let mesh = MeshDerivation(self).withEveryAddressSupposed()
        var answers = TestAnswers(mesh: mesh)
        return tests.compactMap { test in
            answers.failure(of: test).map { reason in
                let opposite = test.expect == .reachable ? "unreachable" : "reachable"
                let promise = test.expect == .reachable ? "reach" : "be kept from"
                return Diagnostic(
                    rule: .unreachableTest, location: test.location,
                    message: "\(test.from) shall \(promise) \(test.to), but \(reason)",
                    remedy: "change the topology, or expect \(opposite)")
            }
        }
    }
}

/// Walks packets for tests. Keeps the plans of the gateways that it met last, not of all.
private struct TestAnswers {
    let mesh: MeshDerivation
    private var plans: [SiteName: GatewayPlan] = [:]

    init(mesh: MeshDerivation) { self.mesh = mesh }

    private mutating func plan(_ site: SiteName) -> GatewayPlan? {
        if let plan = plans[site] { return plan }
        if plans.count >= 32 { plans.removeAll() }
        plans[site] = mesh[site]
        return plans[site]
    }

    /// Why the test does not hold; nil when it does.
    mutating func failure(of test: ReachabilityTest) -> String? {
        guard let from = plan(test.from) else { return "there is no site \(test.from)" }
        let destinations: [IPAddress]
        switch test.to {
        case .address(let address): destinations = [address]
        case .site(let site): destinations = plan(site).map { plan in plan.networks.map { plan.visibleAddress(in: $0) } } ?? []
        }
        var isReached = false
        for destination in destinations {
            guard let source = from.address(of: destination.family) else { continue }
            isReached = true
            if let failure = failure(test, source, destination) { return failure }
        }
        return isReached || test.expect == .unreachable ? nil : "it has no address of the same family"
    }

    private mutating func failure(_ test: ReachabilityTest, _ source: IPAddress, _ destination: IPAddress) -> String? {
        let trip = RoundTrip(from: test.from, source: source, to: destination) { plan($0) }
        let forth = trip.forth
        if forth.outcome == .exposed { return forth.ending }
        switch test.expect {
        case .unreachable:
            return forth.outcome == .delivered && forth.site != test.from ? forth.ending : nil
        case .reachable:
            guard let back = trip.back else { return forth.ending }
            return trip.returns ? nil : "on the way back, " + back.ending
        }
    }
}

extension GatewayPlan {
    /// An address of the site in one of its networks: the gateway's own where that lies in it.
    func address(in network: IPPrefix) -> IPAddress {
        if network.contains(innerAddress) { return innerAddress }
        let second = network.first.advanced(by: 1)
        return second.flatMap { network.contains($0) ? $0 : nil } ?? network.first
    }

    /// What the other sites see of such an address.
    func visibleAddress(in network: IPPrefix) -> IPAddress {
        let address = address(in: network)
        return translations.outward(address) ?? address
    }

    /// An address of the site of that family; nil when it has none.
    public func address(of family: AddressFamily) -> IPAddress? {
        if innerAddress.family == family { return innerAddress }
        return networks.first { $0.family == family }.map { address(in: $0) }
    }
}

extension PacketWalk {
    /// Where and why it ended, in words that follow "but".
    var ending: String {
        switch outcome {
        case .delivered: "\(destination) is reached at \(site): \(reason)"
        case .refused: "at \(site) \(destination) is held back: \(reason)"
        case .leaves: "at \(site) \(destination) leaves the mesh: \(reason)"
        case .exposed: "at \(site) \(destination) would be sent in the clear: \(reason)"
        }
    }
}

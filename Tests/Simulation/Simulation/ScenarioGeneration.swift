import SeededRandom
import WarrenFailpoints
import WarrenModel
import WarrenRollout

extension Scenario {
    /// The scenario of a seed. `gateways` nil: from 5 to 50, with the IKE engine from 3 to 8, as the seed has it.
    public static func random(
        seed: UInt64, gateways: Int? = nil, shape wanted: Shape? = nil, ike: IKE = .model
    ) -> Scenario {
        var random = SeededNumbers(seed: seed, stream: 0)
        let count = gateways ?? random.number(ike == .engine ? 3...8 : 5...50)
        var shape = random.pick(Shape.allCases)
        // One takes as long as eight others: `make simulate` plays some hundreds of them besides.
        if shape == .fullMesh, count > 16, !random.chance(50) { shape = .groups }
        var scenario = Scenario(
            seed: seed, ike: ike, gateways: count, shape: wanted ?? shape, strategy: strategy(&random), items: [])
        for _ in 0..<random.number(1...4) {
            let at = random.number(0...90_000)
            scenario.items.append(Item(at: at, what: .operation(change(&random))))
            if random.chance(300) {
                scenario.items.append(Item(at: at + random.number(1_000...40_000), what: .operation(command(&random))))
            }
        }
        if random.chance(100) {
            let at = random.number(0...50_000)
            scenario.items.append(Item(at: at, what: .operation(.backUp)))
            scenario.items.append(Item(at: at + random.number(5_000...60_000), what: .operation(.restore)))
        }
        for operation in [Operation.revoke(random.number(0...99)), .replace(random.number(0...99))] where random.chance(120) {
            scenario.items.append(Item(at: random.number(0...90_000), what: .operation(operation)))
        }
        if random.chance(80) {
            let item = Item(
                at: random.number(0...90_000), what: .operation(.rollBackByHand(random.number(0...99))))
            scenario.items.append(item)
        }
        if random.chance(250) { scenario.certificateLifetime = random.number(150...400) }
        if random.chance(300) { scenario.beginning = (0..<random.number(1...3)).map { _ in death(&random, of: early) } }
        for _ in 0..<random.number(0...8) {
            scenario.items.append(Item(at: random.number(0...110_000), what: .fault(fault(&random))))
        }
        if random.chance(120) {
            let item = Item(
                at: random.number(0...100_000), what: .fault(.doubled(duration: random.number(5_000...60_000))))
            scenario.items.append(item)
        }
        if random.chance(120) {
            scenario.items.append(Item(at: random.number(0...100_000), what: .fault(.tornWrite(random.number(0...99)))))
        }
        if ike == .engine { strain(&scenario, &random) }
        // Of so many seeds as there are points, each is for another; the next so many are for none.
        let points = Failpoint.allCases, (round, number) = Int(seed).quotientAndRemainder(dividingBy: points.count)
        if round % 2 == 0 { scenario.aim(at: points[number], &random) }
        scenario.items.sort { $0.at < $1.at }
        return scenario
    }

    /// SAs that end while others come, and more of what they meet.
    private static func strain(_ scenario: inout Scenario, _ random: inout SeededNumbers) {
        if random.chance(500) { scenario.childLifetime = UInt32(random.number(20...120)) }
        for _ in 0..<random.number(0...4) {
            let site = random.number(0...99), duration = random.number(2_000...60_000)
            let faults: [Fault] = [
                .dataPlaneDies(site),
                .linkPartition(site, random.number(0...99), random.pick(Direction.allCases), duration: duration),
                .weather(loss: random.number(20...400), duration: duration), .readdressed(site),
            ]
            scenario.items.append(Item(at: random.number(0...110_000), what: .fault(random.pick(faults))))
        }
    }

    private static func strategy(_ random: inout SeededNumbers) -> RolloutStrategy {
        RolloutStrategy(
            canary: random.chance(700) ? .pair : .none, batches: random.pick([[5, 25, 100], [10, 50], [100], [50]]),
            maxFailures: random.pick([.count(0), .count(0), .count(1), .percent(10)]),
            maxLate: random.pick([.percent(10), .count(0), .percent(50)]),
            onFailure: random.chance(800) ? .rollBack : .halt, leavesBehind: random.chance(300),
            confirmTimeoutSeconds: UInt32(random.number(8...30)), waveTimeoutSeconds: UInt32(random.number(40...90)),
            settleSeconds: UInt32(random.number(8...12)), lateAfterSeconds: UInt32(random.number(4...12)))
    }

    private static func change(_ random: inout SeededNumbers) -> Operation {
        let site = random.number(0...99)
        switch random.number(0...11) {
        case 0: return .apply(.add)
        case 1: return .apply(.remove(site))
        case 2: return .apply(.mode(site))
        case 3: return .apply(.proposals(site))
        case 4: return .apply(.address(site))
        case 5: return .apply(.translate(site))
        case 6: return .apply(.everything)
        case 7: return .rotate(oneIn: random.pick([1, 2, 7]))
        case 8: return .drain(site)
        case 9: return .undrain(site)
        case 10: return .rollBack(by: random.number(1...3))
        default: return .apply(.mode(site))
        }
    }

    private static func command(_ random: inout SeededNumbers) -> Operation {
        random.pick([.pause, .resume, .abort, .rollBackNow])
    }

    private static func death(_ random: inout SeededNumbers, of points: [Failpoint]) -> Fault {
        .dies(random.pick(points), random.number(0...99), isPowerCut: random.chance(400))
    }

    /// What is passed before the mesh stands.
    private static let early = Failpoint.allCases.filter { point in
        [
            "controller.authority", "controller.secret", "controller.file", "controller.token", "controller.enrol", "store",
            "agent",
        ]
        .contains { point.rawValue.hasPrefix("\($0).") } || point.program == .tunnelDaemon
    }

    private static func fault(_ random: inout SeededNumbers) -> Fault {
        let site = random.number(0...99)
        switch random.number(0...14) {
        case 0, 1, 2: return death(&random, of: Failpoint.allCases)
        case 3: return .reboot(site)
        case 4: return .dataPlaneDies(site)
        case 5, 6: return .partition(site, random.pick(Direction.allCases), duration: random.number(2_000...50_000))
        case 7:
            return .linkPartition(
                site, random.number(0...99), random.pick(Direction.allCases), duration: random.number(2_000...60_000))
        case 8: return .weather(loss: random.number(20...400), duration: random.number(5_000...60_000))
        case 9: return .slow(site, factor: random.number(5...60), duration: random.number(5_000...60_000))
        case 10: return .diskFull(site, duration: random.number(2_000...40_000))
        case 11: return .controllerDiskFull(duration: random.number(1_000...20_000))
        case 12: return .clockJump(random.number(-1...50), seconds: random.number(-100_000...100_000))
        case 13: return .badPlan(BadPlan(harm: random.pick(BadPlan.Harm.allCases), oneIn: random.pick([1, 2, 5])))
        default: return .readdressed(site)
        }
    }
}

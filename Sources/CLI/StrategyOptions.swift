import ArgumentParser
import WarrenAPIModel
import WarrenModel
import WarrenRollout

/// How a roll-out shall go about it; what is not given is as the controller has it.
struct StrategyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The first wave of each step: 'pair' (both ends of one link), 'none', or sites: berlin,tokyo. (default: pair)",
            valueName: "who"))
    var canary: CanaryArgument?

    @Option(
        help: ArgumentHelp(
            "After the canary: how many percent of the gateways have had their turn after each wave. (default: 5,25,100)",
            valueName: "percents"))
    var batches: BatchesArgument?

    @Option(
        help: ArgumentHelp(
            "How many gateways may fail, as a number or a share like 5%, before it rolls back. (default: 0)", valueName: "n"))
    var maxFailures: AllowanceArgument?

    @Option(help: ArgumentHelp("Once too many failed: rollback, or halt and wait for an operator.", valueName: "what"))
    var onFailure: FailureResponse?

    @Option(help: "How long a gateway runs a state on trial before it goes back by itself. (default: 1m)")
    var confirmTimeout: TimeSpan?

    @Option(help: "How long a wave may take. (default: 5m)")
    var waveTimeout: TimeSpan?

    @Option(help: "How long all must have been well before the next wave begins.")
    var settle: TimeSpan?

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp("Only this site, or the sites of a tag: tag=europe. May be repeated.", valueName: "site"))
    var limit: [LimitArgument] = []

    /// What the controller is to be told; nil when nothing was asked for.
    var strategy: APIMessage.Strategy? {
        let strategy = APIMessage.Strategy(
            canary: canary.map { APIMessage.Canary($0.value) }, batches: batches?.percents,
            maxFailures: maxFailures.map { APIMessage.Allowance($0.allowance.value) }, onFailure: onFailure?.response,
            confirmTimeoutSeconds: confirmTimeout?.seconds, waveTimeoutSeconds: waveTimeout?.seconds,
            settleSeconds: settle?.seconds,
            limitSites: limit.isEmpty ? nil : limit.compactMap(\.site), limitTags: limit.isEmpty ? nil : limit.compactMap(\.tag)
        )
        return strategy == APIMessage.Strategy() ? nil : strategy
    }
}

/// `pair`, `none`, or the names of sites with commas between them.
struct CanaryArgument: ExpressibleByArgument {
    let value: RolloutStrategy.Canary

    init?(argument: String) {
        switch argument {
        case "pair": value = .pair
        case "none": value = .none
        default:
            let names = argument.split(separator: ",", omittingEmptySubsequences: false).map { SiteName(String($0)) }
            guard !names.contains(nil) else { return nil }
            value = .sites(Set(names.compactMap(\.self)))
        }
    }
}

/// Percents, each above the one before, the last of them 100.
struct BatchesArgument: ExpressibleByArgument {
    let percents: [Int]

    init?(argument: String) {
        let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map {
            Int($0.hasSuffix("%") ? $0.dropLast() : $0)
        }
        let percents = numbers.compactMap(\.self)
        guard percents.count == numbers.count, percents.allSatisfy({ (1...100).contains($0) }),
            zip(percents, percents.dropFirst()).allSatisfy({ $0 < $1 })
        else { return nil }
        self.percents = percents.last == 100 ? percents : percents + [100]
    }
}

struct AllowanceArgument: ExpressibleByArgument {
    let allowance: APIMessage.Allowance
    init?(argument: String) {
        guard let allowance = APIMessage.Allowance(argument) else { return nil }
        self.allowance = allowance
    }
}

enum FailureResponse: String, ExpressibleByArgument, CaseIterable {
    case rollback, halt
    var response: RolloutStrategy.Response { self == .rollback ? .rollBack : .halt }
}

/// A site, or `tag=NAME`.
struct LimitArgument: ExpressibleByArgument {
    let site: SiteName?
    let tag: String?

    init?(argument: String) {
        if argument.hasPrefix("tag=") {
            tag = String(argument.dropFirst(4))
            site = nil
            if tag?.isEmpty ?? true { return nil }
        } else {
            guard let name = SiteName(argument) else { return nil }
            site = name
            tag = nil
        }
    }
}

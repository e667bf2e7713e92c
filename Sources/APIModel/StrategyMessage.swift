import WarrenModel
import WarrenRollout

extension APIMessage {
    /// How a roll-out shall go about it, in a request: what is left out is as the controller has it by default.
    public struct Strategy: Sendable, Equatable, Codable {
        /// `"pair"`, `"none"`, or the names of sites.
        public var canary: Canary?
        /// Percents of a step's gateways that have had their turn when each wave is over, each above the one before.
        public var batches: [Int]?
        /// `2`, or `"5%"` of the gateways that are touched.
        public var maxFailures: Allowance?
        public var maxLate: Allowance?
        /// `rollBack` or `halt`.
        public var onFailure: RolloutStrategy.Response?
        public var leavesBehind: Bool?
        public var confirmTimeoutSeconds: UInt32?
        public var waveTimeoutSeconds: UInt32?
        public var settleSeconds: UInt32?
        public var lateAfterSeconds: UInt32?
        /// Only these sites' gateways, and those of sites with one of `limitTags`; both nil: all.
        public var limitSites: [SiteName]?
        public var limitTags: [String]?

        public init(
            canary: Canary? = nil, batches: [Int]? = nil, maxFailures: Allowance? = nil, maxLate: Allowance? = nil,
            onFailure: RolloutStrategy.Response? = nil, leavesBehind: Bool? = nil, confirmTimeoutSeconds: UInt32? = nil,
            waveTimeoutSeconds: UInt32? = nil, settleSeconds: UInt32? = nil, lateAfterSeconds: UInt32? = nil,
            limitSites: [SiteName]? = nil, limitTags: [String]? = nil
        ) {
            self.canary = canary
            self.batches = batches
            self.maxFailures = maxFailures
            self.maxLate = maxLate
            self.onFailure = onFailure
            self.leavesBehind = leavesBehind
            self.confirmTimeoutSeconds = confirmTimeoutSeconds
            self.waveTimeoutSeconds = waveTimeoutSeconds
            self.settleSeconds = settleSeconds
            self.lateAfterSeconds = lateAfterSeconds
            self.limitSites = limitSites
            self.limitTags = limitTags
        }

        /// All that `strategy` says, for an answer.
        public init(_ strategy: RolloutStrategy, limitSites: [SiteName]? = nil) {
            self.init(
                canary: Canary(strategy.canary), batches: strategy.batches, maxFailures: Allowance(strategy.maxFailures),
                maxLate: Allowance(strategy.maxLate), onFailure: strategy.onFailure, leavesBehind: strategy.leavesBehind,
                confirmTimeoutSeconds: strategy.confirmTimeoutSeconds, waveTimeoutSeconds: strategy.waveTimeoutSeconds,
                settleSeconds: strategy.settleSeconds, lateAfterSeconds: strategy.lateAfterSeconds, limitSites: limitSites)
        }

        /// `base` with what is said here.
        public func applied(to base: RolloutStrategy = RolloutStrategy()) -> RolloutStrategy {
            var strategy = base
            if let canary { strategy.canary = canary.value }
            if let batches { strategy.batches = batches }
            if let maxFailures { strategy.maxFailures = maxFailures.value }
            if let maxLate { strategy.maxLate = maxLate.value }
            if let onFailure { strategy.onFailure = onFailure }
            if let leavesBehind { strategy.leavesBehind = leavesBehind }
            if let confirmTimeoutSeconds { strategy.confirmTimeoutSeconds = confirmTimeoutSeconds }
            if let waveTimeoutSeconds { strategy.waveTimeoutSeconds = waveTimeoutSeconds }
            if let settleSeconds { strategy.settleSeconds = settleSeconds }
            if let lateAfterSeconds { strategy.lateAfterSeconds = lateAfterSeconds }
            return strategy
        }
    }

    /// The first wave of each step: `"pair"`, `"none"`, or a list of sites' names.
    public struct Canary: Sendable, Equatable, Codable {
        public var value: RolloutStrategy.Canary
        public init(_ value: RolloutStrategy.Canary) { self.value = value }

        public init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            guard let text = try? container.decode(String.self) else {
                value = .sites(Set(try container.decode([SiteName].self)))
                return
            }
            switch text {
            case "pair": value = .pair
            case "none": value = .none
            default:
                throw DecodingError.dataCorruptedError(
                    in: container, debugDescription: "'\(text)' is neither 'pair' nor 'none' nor a list of sites")
            }
        }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch value {
            case .pair: try container.encode("pair")
            case .none: try container.encode("none")
            case .sites(let sites): try container.encode(sites.sorted())
            }
        }
    }

    /// A number of gateways, or a share of those that are touched: `2` or `"5%"`.
    public struct Allowance: Sendable, Equatable, Codable {
        public var value: RolloutStrategy.Allowance
        public init(_ value: RolloutStrategy.Allowance) { self.value = value }

        /// Nil unless the text is a number from 0, or a percentage from 0 to 100.
        public init?(_ text: String) {
            let isPercent = text.hasSuffix("%")
            let digits = isPercent ? text.dropLast() : text[...]
            guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(digits),
                !isPercent || number <= 100
            else { return nil }
            value = isPercent ? .percent(number) : .count(number)
        }

        public init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            let text = try (try? container.decode(Int.self)).map(String.init) ?? container.decode(String.self)
            guard let allowance = Self(text) else {
                throw DecodingError.dataCorruptedError(
                    in: container, debugDescription: "'\(text)' is neither a number from 0 nor a percentage like 5%")
            }
            self = allowance
        }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch value {
            case .count(let count): try container.encode(count)
            case .percent(let percent): try container.encode("\(percent)%")
            }
        }
    }
}

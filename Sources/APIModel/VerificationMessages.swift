import WarrenInventory
import WarrenModel

extension APIMessage {
    /// `GET /v1/verifications`: what there is to try.
    public struct Verifications: Sendable, Codable {
        public var trials: [Trial]
        /// How many more there are than were asked for.
        public var left: Int
        public init(trials: [Trial], left: Int) {
            self.trials = trials
            self.left = left
        }
    }

    /// One thing to try: whether a packet from one site's gateway is answered.
    public struct Trial: Sendable, Hashable, Codable {
        public var from: SiteName
        /// A site, for its gateway's private address, or an address.
        public var to: TrialTarget
        public var expect: ReachabilityTest.Expectation
        /// One of the inventory's `tests`.
        public var isTest: Bool
        public init(from: SiteName, to: TrialTarget, expect: ReachabilityTest.Expectation, isTest: Bool) {
            self.from = from
            self.to = to
            self.expect = expect
            self.isTest = isTest
        }
    }

    /// As text: `berlin`, `192.168.1.34`.
    public struct TrialTarget: Sendable, Hashable, Codable, CustomStringConvertible {
        public var target: ReachabilityTest.Target
        public init(_ target: ReachabilityTest.Target) { self.target = target }

        public init?(_ text: String) {
            if let address = IPAddress(text) {
                target = .address(address)
            } else if let site = SiteName(text) {
                target = .site(site)
            } else {
                return nil
            }
        }

        public init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            guard let target = Self(try container.decode(String.self)) else {
                throw DecodingError.dataCorruptedError(
                    in: container, debugDescription: "it is neither a site's name nor an address")
            }
            self = target
        }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(description)
        }

        public var description: String { "\(target)" }
    }

    /// `POST /v1/verifications`: has it tried now.
    public struct VerificationRequest: Sendable, Codable {
        public var from: SiteName
        public var to: TrialTarget
        /// Reachable unless given.
        public var expect: ReachabilityTest.Expectation?
        /// Echo requests; 3 unless given.
        public var count: Int?
        public init(
            from: SiteName, to: TrialTarget, expect: ReachabilityTest.Expectation? = nil, count: Int? = nil
        ) {
            self.from = from
            self.to = to
            self.expect = expect
            self.count = count
        }
    }

    /// What came of it.
    public struct Verification: Sendable, Codable {
        public enum Verdict: String, Sendable, Codable, CaseIterable {
            /// It is as expected.
            case holds
            case broken
            /// It could not be tried.
            case unknown
        }

        public var from: SiteName
        public var to: TrialTarget
        public var expect: ReachabilityTest.Expectation
        public var verdict: Verdict
        public var destination: IPAddress
        /// The gateway's address that was sent from; nil when it was not tried.
        public var source: IPAddress?
        public var sent: Int
        public var answered: Int
        /// The least of those that were answered.
        public var roundTripMilliseconds: Double?
        /// Why it is not as expected, or could not be tried.
        public var reason: String?

        public init(
            from: SiteName, to: TrialTarget, expect: ReachabilityTest.Expectation, verdict: Verdict, destination: IPAddress,
            source: IPAddress?, sent: Int, answered: Int, roundTripMilliseconds: Double?, reason: String?
        ) {
            self.from = from
            self.to = to
            self.expect = expect
            self.verdict = verdict
            self.destination = destination
            self.source = source
            self.sent = sent
            self.answered = answered
            self.roundTripMilliseconds = roundTripMilliseconds
            self.reason = reason
        }
    }
}

extension APIMessage.VerificationRequest: SchemaRefined {
    public static let counts = 1...20
    public static var refinements: [String: JSONSchema] {
        ["count": .integer(minimum: Int64(counts.lowerBound), maximum: UInt64(counts.upperBound))]
    }
}

extension APIMessage.TrialTarget: SchemaDescribed {
    public static var schema: JSONSchema {
        .anyOf([
            .string(
                .init(
                    pattern: SiteName.textPattern, maximumLength: SiteName.textMaximumLength, example: SiteName.textExample)),
            IPAddress.schema,
        ])
    }
    public static var schemaSample: Self { Self(.address(IPAddress.schemaSample)) }
}

import AgentCore
import WarrenModel
import WarrenPlan

/// The version of the agents' protocol, in every message that opens something and on disk: `protocol_version` holds the minor
/// one in its upper 16 bits and the major one in the lower, so that 1 is version 1.0.
///
/// - Another *major* version is not understood: both ends refuse it, and say which they speak.
/// - A *minor* version only adds fields that may be ignored by whoever does not know them. The ends may differ in it, either
///   way round. A desired state says the lowest version that whoever runs it must know; a controller does not send it to an
///   agent of a lower one, and an agent of a lower one refuses it.
public struct WireVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let major: UInt16
    public let minor: UInt16

    public init(major: UInt16, minor: UInt16) {
        self.major = major
        self.minor = minor
    }

    public init(wire: UInt32) {
        self.init(major: UInt16(truncatingIfNeeded: wire), minor: UInt16(truncatingIfNeeded: wire >> 16))
    }

    public var wire: UInt32 { UInt32(minor) << 16 | UInt32(major) }
    public var description: String { "\(major).\(minor)" }

    public static func < (a: WireVersion, b: WireVersion) -> Bool { (a.major, a.minor) < (b.major, b.minor) }

    public static let first = WireVersion(major: UInt16(Wire.protocolVersion), minor: 0)
    /// With `GatewayPlan.translations` and `IKEPeer.alternatives`.
    public static let translationsAndAlternatives = WireVersion(major: UInt16(Wire.protocolVersion), minor: 1)
    /// With `IKEReport.runsAsPreferred`.
    public static let preferences = WireVersion(major: UInt16(Wire.protocolVersion), minor: 2)
    /// With `ProbeReport.lossPercent` and `ProbeReport.pathMTU`.
    public static let pathProbes = WireVersion(major: UInt16(Wire.protocolVersion), minor: 3)
    /// With `Question` and `AnswerChunk`, which go to and come from agents of this version only.
    public static let questions = WireVersion(major: UInt16(Wire.protocolVersion), minor: 4)
    /// With `IPsecParameters.encapsulation`.
    public static let encapsulations = WireVersion(major: UInt16(Wire.protocolVersion), minor: 5)
    /// With `ChildSAParameters.lifetimePackets`.
    public static let packetLimits = WireVersion(major: UInt16(Wire.protocolVersion), minor: 6)
    /// With `GatewayPlan.routeRuns` and `GatewayPlan.unreachableRuns`, which only agents of this version are sent.
    public static let packedPrefixes = WireVersion(major: UInt16(Wire.protocolVersion), minor: 7)
    /// What this code speaks.
    public static let current = packedPrefixes

    /// Whether this code and one of that version understand each other.
    public var isUnderstood: Bool { major == Self.current.major }

    /// Why one of this version is refused; nil when it is not.
    public var refusal: String? {
        isUnderstood
            ? nil
            : "version \(self) of the agents' protocol is not understood here, where \(Self.current) is spoken and every "
                + "\(Self.current.major).x is understood: update the older of the two programs"
    }
}

extension GatewayPlan {
    /// The lowest version in which the plan can be told without leaving anything out, and what needs it.
    public var neededVersion: (version: WireVersion, reason: String?) {
        if ike.contains(where: { $0.ways.contains { $0.parameters.child.lifetimePackets != nil } }) {
            return (.packetLimits, "child SAs that are replaced after so many packets")
        }
        if ike.contains(where: { $0.ways.contains { $0.parameters.encapsulation != .auto } }) {
            return (.encapsulations, "ESP without UDP")
        }
        if !translations.isEmpty { return (.translationsAndAlternatives, "translated networks") }
        if ike.contains(where: { !$0.alternatives.isEmpty }) {
            return (.translationsAndAlternatives, "a change of a link without a lost packet")
        }
        return (.first, nil)
    }

    /// Why an agent of `version` must not be told this plan; nil when it can run it.
    public func refusal(byAgentOf version: WireVersion) -> String? {
        let (needed, reason) = neededVersion
        guard version < needed else { return nil }
        return "its agent speaks version \(version) of the agents' protocol, and \(reason ?? "its state") needs \(needed): "
            + "update warren-agent"
    }
}

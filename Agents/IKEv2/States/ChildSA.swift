import ESP
import WarrenModel

/// An inbound and an outbound SA that were negotiated together.
struct ChildSA: Sendable {
    enum Sending: Sendable, Equatable {
        case installed
        /// We answered a rekey: the outbound half waits until the peer is known to have installed its inbound half.
        /// That of an IKE SA beside the one in use waits as long as the peer has not shown that it has it: `until` is never.
        case waiting(until: MonotonicTime, replaced: SPI?)
        /// Redundant after crossing rekeys: never sent on.
        case withheld
    }
    enum Standing: Sendable, Equatable {
        case active
        /// The peer has replaced it and will delete it.
        case replaced
        /// We delete it, or are about to.
        case closing
    }

    let inbound: SecurityAssociation
    let outbound: SecurityAssociation
    let lifetime: SALifetime
    let createdAt: MonotonicTime
    /// When we rekey it; far away once that has begun.
    var softAt: MonotonicTime
    let hardAt: MonotonicTime
    var sending: Sending
    var standing = Standing.active

    var queue: Int { inbound.queue }
}

/// An inbound SA that takes late packets until its time is up.
struct DepartingSA: Sendable {
    let spi: SPI
    let peer: SiteName
    let at: MonotonicTime
}

extension MonotonicTime {
    static let never = MonotonicTime(nanoseconds: .max)
}

/// When each end replaces an SA: the initiator of the link well before the other, so that both seldom do it at once.
enum Lifetimes {
    static func soft(
        seconds: UInt32, isInitiator: Bool, random: inout some RandomNumberGenerator
    ) -> Duration {
        let share = Double.random(in: isInitiator ? 0.80...0.88 : 0.92...0.98, using: &random)
        return .milliseconds(Int64(Double(max(seconds, 1)) * share * 1000))
    }

    static func hard(seconds: UInt32) -> Duration { .seconds(Int64(seconds) + Int64(seconds) / 5 + 10) }

    static func child(
        _ parameters: ChildSAParameters, soft: Duration, isInitiator: Bool, random: inout some RandomNumberGenerator
    ) -> SALifetime {
        var limits = SALimits()
        (limits.softBytes, limits.hardBytes) = volume(parameters.lifetimeBytes, isInitiator: isInitiator, random: &random)
        if let packets = parameters.lifetimePackets {
            (limits.softPackets, limits.hardPackets) = volume(packets, isInitiator: isInitiator, random: &random)
        }
        return SALifetime(
            softSeconds: UInt64(clamping: soft.wholeSeconds),
            hardSeconds: UInt64(clamping: hard(seconds: parameters.lifetimeSeconds).wholeSeconds), limits: limits)
    }

    /// The soft and the hard limit of an SA of which `limit` bytes or packets are to pass.
    private static func volume(
        _ limit: UInt64, isInitiator: Bool, random: inout some RandomNumberGenerator
    ) -> (soft: UInt64, hard: UInt64) {
        let tenth = limit / 10
        let soft = limit - (isInitiator ? 2 * tenth : tenth / 2)
        let jitter = tenth == 0 ? 0 : UInt64.random(in: 0...tenth / 2, using: &random)
        let hard = limit.addingReportingOverflow(2 * tenth)
        return (soft - min(jitter, soft), hard.overflow ? .max : hard.partialValue)
    }
}

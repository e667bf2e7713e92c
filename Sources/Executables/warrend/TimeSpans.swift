import ArgumentParser

/// How long an agent's certificate holds: 30 s to a year. With less, an agent that is restarted or cut off for a moment would have
/// to enrol again.
struct CertificateLifetime: ExpressibleByArgument {
    static let allowed: ClosedRange<UInt32> = 30...366 * 86_400

    let seconds: UInt32

    init(seconds: UInt32) { self.seconds = seconds }

    init?(argument: String) {
        guard let span = TimeSpan(argument), Self.allowed.contains(span.seconds) else { return nil }
        seconds = span.seconds
    }

    var defaultValueDescription: String { TimeSpan(seconds: seconds).description }
}

/// How far a history reaches back: an hour to ten years.
struct HistoryRetention: ExpressibleByArgument {
    static let allowed: ClosedRange<UInt32> = 3_600...3_660 * 86_400

    let seconds: UInt32

    init(seconds: UInt32) { self.seconds = seconds }

    init?(argument: String) {
        guard let span = TimeSpan(argument), Self.allowed.contains(span.seconds) else { return nil }
        seconds = span.seconds
    }

    var defaultValueDescription: String { TimeSpan(seconds: seconds).description }
}

/// A number of days, hours, minutes or seconds: `30d`, `12h`, `10m`, `45s`.
private struct TimeSpan: CustomStringConvertible {
    private static let units: [(letter: Character, seconds: UInt32)] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)]

    let seconds: UInt32

    init(seconds: UInt32) { self.seconds = seconds }

    init?(_ text: String) {
        guard let unit = Self.units.first(where: { $0.letter == text.last }), let number = UInt32(text.dropLast()) else {
            return nil
        }
        let (seconds, isTooMuch) = number.multipliedReportingOverflow(by: unit.seconds)
        guard !isTooMuch else { return nil }
        self.seconds = seconds
    }

    var description: String {
        let unit = Self.units.first { seconds % $0.seconds == 0 } ?? ("s", 1)
        return "\(seconds / unit.seconds)\(unit.letter)"
    }
}

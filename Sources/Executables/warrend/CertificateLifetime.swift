import ArgumentParser

/// How long an agent's certificate holds: 30 s to a year. With less, an agent that is restarted or cut off for a moment would have
/// to enrol again.
struct CertificateLifetime: ExpressibleByArgument {
    static let allowed: ClosedRange<UInt32> = 30...366 * 86_400
    private static let units: [(letter: Character, seconds: UInt32)] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)]

    let seconds: UInt32

    init(seconds: UInt32) { self.seconds = seconds }

    init?(argument: String) {
        let unit = Self.units.first { $0.letter == argument.last }
        guard let unit, let number = UInt32(argument.dropLast()) else { return nil }
        let (seconds, isTooMuch) = number.multipliedReportingOverflow(by: unit.seconds)
        guard !isTooMuch, Self.allowed.contains(seconds) else { return nil }
        self.seconds = seconds
    }

    var defaultValueDescription: String {
        let unit = Self.units.first { seconds % $0.seconds == 0 } ?? ("s", 1)
        return "\(seconds / unit.seconds)\(unit.letter)"
    }
}

/// A whole number with a unit that follows it at once, as in `4h` or `64GiB`; nil for anything else, also for one that
/// is too large.
func quantity(_ text: String, units: [String: UInt64]) -> UInt64? {
    let digits = text.utf8.prefix { (48...57).contains($0) }
    guard !digits.isEmpty, digits.count <= 19, digits.first != 48, let number = UInt64(String(digits) ?? ""),
        let unit = units[String(text.dropFirst(digits.count))]
    else { return nil }
    let (product, overflow) = number.multipliedReportingOverflow(by: unit)
    return overflow ? nil : product
}

/// Seconds of `10s`, `90m`, `4h` or `7d`.
func seconds(_ text: String) -> UInt64? {
    quantity(text, units: ["s": 1, "m": 60, "h": 3600, "d": 86_400])
}

/// Bytes of `512MiB`, `64GiB` or `1TiB`.
func bytes(_ text: String) -> UInt64? {
    quantity(text, units: ["KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40])
}

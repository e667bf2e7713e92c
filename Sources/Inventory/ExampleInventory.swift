/// The text of an inventory of many sites, to start from or to measure with.
public enum ExampleInventory {
    /// A full mesh of `sites` sites, each with a /24 of 10.0.0.0/8 and a public address of 198.18.0.0/15, which is set aside
    /// for measurements (RFC 2544). At most 65,536 sites; the same text for the same number.
    public static func text(sites: Int) -> String {
        var text = """
            # A full mesh: replace the addresses by your own, then run `warren validate` on this file.
            version: 1
            mesh: example
            topology: full-mesh
            sites:

            """
        for number in 1...max(1, min(sites, 65_536)) {
            let high = (number - 1) / 256, low = (number - 1) % 256
            text += """
                  site-\(number):
                    gateway: {public: 198.\(18 + high / 128).\(high % 128 * 2 + low / 128).\(low % 128 + 1), private: 10.\(high).\(low).1}
                    networks: [10.\(high).\(low).0/24]

                """
        }
        return text
    }
}

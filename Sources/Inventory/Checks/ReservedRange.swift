import WarrenModel

/// `reserved-range`: an address or network that can't be routed between sites (RFC 6890, RFC 4291), or a private
/// address that is its network's own or its broadcast address.
enum ReservedRange {
    private static let ranges: [(prefix: IPPrefix, purpose: String)] = [
        ("0.0.0.0/8", "this network"), ("127.0.0.0/8", "loopback"), ("169.254.0.0/16", "link-local"),
        ("224.0.0.0/4", "multicast"), ("240.0.0.0/4", "reserved"), ("::/128", "unspecified"), ("::1/128", "loopback"),
        ("::ffff:0:0/96", "mapped IPv4"), ("fe80::/10", "link-local"), ("ff00::/8", "multicast"),
    ].compactMap { text, purpose in IPPrefix(text).map { ($0, purpose) } }

    static func faults(in declaration: Declaration) -> [Fault] {
        declaration.sites.flatMap { site -> [Fault] in
            let addresses = site.publicAddresses + [site.privateAddress].compactMap(\.self)
            let prefixes = site.networks + site.translations.compactMap(\.visible)
            var faults = addresses.compactMap { fault($0.place, IPPrefix(host: $0.value), "\($0.value)") }
            faults += prefixes.compactMap { fault($0.place, $0.value, "\($0.value)") }
            faults += site.networks.compactMap { bound($0.value, of: site) }
            return faults
        }
    }

    private static func fault(_ place: Place, _ prefix: IPPrefix, _ text: String) -> Fault? {
        guard let range = ranges.first(where: { $0.prefix.overlaps(prefix) }) else { return nil }
        return Fault(.reservedRange, at: place, "\(text) meets \(range.prefix), which is \(range.purpose)")
    }

    private static func bound(_ network: IPPrefix, of site: DeclaredSite) -> Fault? {
        guard let address = site.privateAddress, network.family == .ipv4, network.length < 31 else { return nil }
        let what = address.value == network.first ? "the network's own" : address.value == network.last ? "the broadcast" : nil
        return what.map {
            Fault(.reservedRange, at: address.place, "\(address.value) is \($0) address of \(network)")
        }
    }
}

import WarrenModel

/// `translation-unknown`: what a site translates is none of its networks, but a part of one, or something else.
enum TranslationUnknown {
    /// How many faults come with the network that was probably meant: each is looked for among all of the site.
    private static let proposals = 20
    /// Among how many networks a likely spelling is looked for.
    private static let candidates = 1000

    static func faults(in declaration: Declaration) -> [Fault] {
        var proposed = 0
        return declaration.sites.flatMap { site -> [Fault] in
            guard !site.translations.isEmpty, site.networksAreComplete else { return [] }
            let known = Set(site.networks.map(\.value))
            return site.translations.filter { !known.contains($0.network.value) }.map { translation in
                proposed += 1
                let network = translation.network
                let meant = proposed <= proposals ? meant(by: network.value, in: site) : nil
                return Fault(
                    .translationUnknown, at: network.place,
                    "\(site.name.value) translates \(network.value), which is no network of it"
                        + (meant.map { $0.value.overlaps(network.value) ? " as a whole" : "" } ?? ""),
                    related: meant?.place,
                    remedy: meant.map { "did you mean \($0.value)?" } ?? "add \(network.value) to its 'networks', or remove it")
            }
        }
    }

    /// The network that holds the prefix, or lies in it, or is spelled nearly so.
    private static func meant(by prefix: IPPrefix, in site: DeclaredSite) -> Located<IPPrefix>? {
        if let overlapping = site.networks.first(where: { $0.value.overlaps(prefix) }) { return overlapping }
        let names = site.networks.prefix(candidates).map(\.value.description)
        let name = nearest(to: prefix.description, among: names)
        return site.networks.first { $0.value.description == name }
    }
}

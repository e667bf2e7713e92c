import WarrenModel

/// `translation-overlap`: what the others see of a site's network is also something else of the same site, so that no packet
/// could be told from another: of two translated networks, or of a network of its own.
enum TranslationOverlap {
    static func faults(in declaration: Declaration) -> [Fault] {
        var remedies = OverlapRemedies(declaration)
        return declaration.sites.indices.flatMap { number -> [Fault] in
            let site = declaration.sites[number]
            guard !site.translations.isEmpty else { return [] }
            let addresses = site.addresses(of: NetworkRedundant.split(site.networks).kept, number: number)
            // Networks among themselves are that rule's business.
            let areNetworks = addresses.map { $0.original == nil }
            let overlaps = PrefixOverlaps(
                of: addresses.map(\.prefix), hidden: areNetworks, limit: InventoryLimits.diagnostics + 1)
            return overlaps.pairs.map { fault(addresses[$0.wider], addresses[$0.narrower], site.name.value, &remedies) }
        }
    }

    private static func fault(
        _ a: DeclaredNetwork, _ b: DeclaredNetwork, _ site: SiteName, _ remedies: inout OverlapRemedies
    ) -> Fault {
        let (visible, other) = a.original == nil || (b.original != nil && b.place > a.place) ? (b, a) : (a, b)
        let original = visible.original ?? visible.prefix
        let message: String
        let remedy: String
        if other.prefix == original, visible.prefix == original {
            message = "\(site) translates \(original) to itself"
            remedy = "remove it"
        } else {
            let what = other.original.map { "what \($0) is seen as" } ?? "a network of the same site"
            let common = visible.prefix.length > other.prefix.length ? visible.prefix : other.prefix
            message = "\(original) of \(site) is seen as \(visible.prefix), which shares \(common) with \(what)"
            remedy = remedies.remedy(forVisible: visible)
        }
        return .between(.translationOverlap, visible.place, other.place, message, remedy: remedy)
    }
}

import WarrenModel

/// `translation-size`: a network and what it is seen as are of one family and length, since each address of the one has its
/// counterpart in the other.
enum TranslationSize {
    static func faults(in declaration: Declaration) -> [Fault] {
        var remedies = OverlapRemedies(declaration)
        return declaration.sites.indices.flatMap { number in
            declaration.sites[number].translations.compactMap { entry -> Fault? in
                guard let visible = entry.visible, entry.translation == nil else { return nil }
                let network = entry.network.value
                let isOtherFamily = network.family != visible.value.family
                let difference =
                    isOtherFamily ? "of the other family" : visible.value.length < network.length ? "larger" : "smaller"
                // Near to what was written, as far as that can be.
                let wanted = isOtherFamily ? network : IPPrefix(containing: visible.value.address, length: network.length)
                let fitting = DeclaredNetwork(
                    site: number, prefix: wanted ?? network, place: visible.place, role: .visible(for: network))
                return Fault(
                    .translationSize, at: visible.place, "\(network) can't be seen as \(visible.value), which is \(difference)",
                    related: entry.network.place, remedy: remedies.remedy(forVisible: fitting))
            }
        }
    }
}

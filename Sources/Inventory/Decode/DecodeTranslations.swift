import WarrenModel

extension Decoding {
    /// `translate: {NETWORK: VISIBLE, …}`. A network that stands there twice, in whichever spelling, is a fault.
    mutating func translations(_ node: YAMLNode) -> [LocatedTranslation] {
        guard let entries = entries(of: node, "'translate'") else { return [] }
        if entries.isEmpty {
            faults.add(
                Fault(
                    .invalidValue, at: node.place, "'translate' must name at least one network",
                    remedy: "write {NETWORK: VISIBLE}, or remove it"))
        }
        var places: [IPPrefix: Place] = [:]
        var translations: [LocatedTranslation] = []
        for entry in entries {
            let key = YAMLNode(place: entry.keyPlace, content: .scalar(entry.key, plain: false))
            let network = prefix(key, "a translated network")
            let visible = prefix(entry.value, "what a network is seen as").map {
                Located(value: $0, place: entry.value.place)
            }
            guard let network else { continue }
            if let earlier = places[network] {
                faults.add(
                    .between(
                        .duplicateKey, earlier, entry.keyPlace, "\(network) is translated twice",
                        remedy: "remove one of the two"))
                continue
            }
            places[network] = entry.keyPlace
            translations.append(
                LocatedTranslation(network: Located(value: network, place: entry.keyPlace), visible: visible))
        }
        return translations
    }
}

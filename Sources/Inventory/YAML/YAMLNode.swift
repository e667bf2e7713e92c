/// One node of a YAML document that keeps where it was written.
struct YAMLNode {
    enum Content {
        /// `plain`: written without quotes.
        case scalar(String, plain: Bool)
        case sequence([YAMLNode])
        case mapping([YAMLEntry])
        /// Something that was reported already; nothing more is to be said about it.
        case faulty
    }

    var place: Place
    var content: Content

    /// What a message calls it.
    var kind: String {
        switch content {
        case .scalar("", plain: true): "nothing"
        case .scalar: "a single value"
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .faulty: "something faulty"
        }
    }
}

/// One `key: value` of a mapping.
struct YAMLEntry {
    var key: String
    var keyPlace: Place
    var value: YAMLNode
}

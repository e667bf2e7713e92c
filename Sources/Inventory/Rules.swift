/// Every rule that an inventory can break. The text in brackets of a diagnostic; never renamed once released.
extension RuleID {
    // Reading the text.
    public static let syntax = RuleID(rawValue: "syntax")
    public static let controlCharacter = RuleID(rawValue: "control-character")
    public static let alias = RuleID(rawValue: "alias")
    public static let tag = RuleID(rawValue: "tag")
    public static let duplicateKey = RuleID(rawValue: "duplicate-key")
    public static let tooDeep = RuleID(rawValue: "too-deep")
    public static let tooLarge = RuleID(rawValue: "too-large")
    public static let tooMany = RuleID(rawValue: "too-many")

    // Making values of it.
    public static let unknownKey = RuleID(rawValue: "unknown-key")
    public static let missingKey = RuleID(rawValue: "missing-key")
    public static let wrongType = RuleID(rawValue: "wrong-type")
    public static let invalidValue = RuleID(rawValue: "invalid-value")
    public static let contradiction = RuleID(rawValue: "contradiction")
    public static let hostBitsSet = RuleID(rawValue: "host-bits-set")
    public static let weakProposal = RuleID(rawValue: "weak-proposal")

    // Checking the values against each other.
    public static let reservedRange = RuleID(rawValue: "reserved-range")
    public static let networkRedundant = RuleID(rawValue: "network-redundant")
    public static let networkOverlap = RuleID(rawValue: "network-overlap")
    public static let translationUnknown = RuleID(rawValue: "translation-unknown")
    public static let translationSize = RuleID(rawValue: "translation-size")
    public static let translationOverlap = RuleID(rawValue: "translation-overlap")
    public static let privateNotInNetworks = RuleID(rawValue: "private-not-in-networks")
    public static let publicDuplicate = RuleID(rawValue: "public-duplicate")
    public static let publicInsideNetwork = RuleID(rawValue: "public-inside-network")
    public static let controllerInsideNetwork = RuleID(rawValue: "controller-inside-network")
    public static let familyMismatch = RuleID(rawValue: "family-mismatch")
    public static let indexDuplicate = RuleID(rawValue: "index-duplicate")
    public static let unknownSite = RuleID(rawValue: "unknown-site")
    public static let linkToItself = RuleID(rawValue: "link-to-itself")
    public static let linkDuplicate = RuleID(rawValue: "link-duplicate")
    public static let topologyDisconnected = RuleID(rawValue: "topology-disconnected")
    public static let mtuTooSmall = RuleID(rawValue: "mtu-too-small")

    // Checking the plan: WarrenPlan's.
    public static let unreachableTest = RuleID(rawValue: "unreachable-test")

    /// All of them, in the order above.
    public static let all: [RuleID] = [
        .syntax, .controlCharacter, .alias, .tag, .duplicateKey, .tooDeep, .tooLarge, .tooMany,
        .unknownKey, .missingKey, .wrongType, .invalidValue, .contradiction, .hostBitsSet, .weakProposal,
        .reservedRange, .networkRedundant, .networkOverlap, .translationUnknown, .translationSize, .translationOverlap,
        .privateNotInNetworks, .publicDuplicate, .publicInsideNetwork, .controllerInsideNetwork, .familyMismatch,
        .indexDuplicate, .unknownSite, .linkToItself, .linkDuplicate, .topologyDisconnected, .mtuTooSmall, .unreachableTest,
    ]
}

/// What `Tests/Lab/uml/link` runs through, in its order.
enum Scenario: String, CaseIterable, Sendable {
    case weInitiate = "we-initiate"
    case weAnswer = "we-answer"
    case otherAlgorithms = "other-algorithms"
    case crashes
    case wrongSecretWeInitiate = "wrong-secret-we-initiate"
    case wrongSecretWeAnswer = "wrong-secret-we-answer"
}

import WarrenInventory
import WarrenModel
import WarrenPlan
import WarrenRollout

extension SiteName: TextShaped, NameShaped {
    public static var textPattern: String? { "^[a-z](-?[a-z0-9])*$" }
    public static var textMaximumLength: Int? { maximumLength }
    public static var textExample: String { "berlin" }
    public static var namePattern: String? { textPattern }
}

extension LinkID: NameShaped {
    public static var namePattern: String? { "^[a-z](-?[a-z0-9])*--[a-z](-?[a-z0-9])*$" }
}

extension SiteID: TextShaped {
    public static var textPattern: String? { "^[0-9a-f]{32}$" }
    public static var textExample: String { "0123456789abcdef0123456789abcdef" }
}

extension IPAddress: SchemaDescribed {
    public static var schema: JSONSchema { .anyOf([.string(.init(format: "ipv4")), .string(.init(format: "ipv6"))]) }
    public static var schemaSample: IPAddress { IPAddress(v4: 0) }
}

extension IPPrefix: TextShaped {
    public static var textExample: String { "192.0.2.0/24" }
}

extension PublicAddressSource: TextShaped {
    public static var textExample: String { "inventory" }
}

extension IKEProposal: TextShaped {
    public static var textExample: String { "aes256gcm16-prfsha384-x25519" }
}

extension ESPProposal: TextShaped {
    public static var textExample: String { "aes256gcm16" }
}

extension APIMessage.Canary: SchemaDescribed {
    public static var schema: JSONSchema {
        .anyOf([
            .values(["pair", "none"]), .array(.string(.init(pattern: SiteName.textPattern, example: SiteName.textExample))),
        ])
    }
    public static var schemaSample: Self { Self(.pair) }
}

extension APIMessage.Allowance: SchemaDescribed {
    public static var schema: JSONSchema {
        .anyOf([
            .integer(minimum: 0, maximum: UInt64(Int.max)),
            .string(.init(pattern: "^([0-9]{1,18}|0*(100|[0-9]{1,2})%)$", example: "5%")),
        ])
    }
    public static var schemaSample: Self { Self(.count(0)) }
}

extension APIMessage.TokenRequest: SchemaRefined {
    /// Up to 30 days.
    public static var refinements: [String: JSONSchema] { ["lifetimeSeconds": .integer(minimum: 1, maximum: 30 * 86_400)] }
}

extension APIMessage.AccessTokenRequest: SchemaRefined {
    public static var refinements: [String: JSONSchema] {
        [
            "name": .string(.init(pattern: "^[A-Za-z0-9][A-Za-z0-9._@-]*$", maximumLength: 64, example: "alice")),
            "lifetimeSeconds": .integer(minimum: 1, maximum: 10 * 366 * 86_400),
        ]
    }
}

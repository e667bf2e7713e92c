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

extension IPAddress: TextShaped {
    public static var textExample: String { "192.0.2.1" }
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

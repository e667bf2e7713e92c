import WarrenModel

/// A table of nftables that is Warren's alone, as text for `nft -f`: the one place where its rules are spelled, for agents
/// as for `warren render`.
///
/// `NFTable.firewall` keeps the links closed, `NFTable.translation` maps a site's networks to what its peers call them. Each
/// is replaced as a whole in one transaction; tables of others are never touched.
public struct NFTable: Sendable, Equatable {
    public struct Chain: Sendable, Equatable {
        public let name: String
        /// `filter` or `nat`.
        public let type: String
        public let hook: String
        public let priority: Int
        public var rules: [Rule]
        /// For a person; not a part of the table.
        public let remark: String?

        init(_ name: String, type: String = "filter", hook: String, priority: Int, remark: String? = nil, rules: [Rule]) {
            self.name = name
            self.type = type
            self.hook = hook
            self.priority = priority
            self.remark = remark
            self.rules = rules
        }
    }

    public struct Rule: Sendable, Equatable {
        public let statement: String
        /// What the kernel keeps with it.
        public var comment: String?

        init(_ statement: String, comment: String? = nil) {
            self.statement = statement
            self.comment = comment
        }
    }

    public let name: String
    /// None: there shall be no such table.
    public var chains: [Chain]

    /// Lines that replace whatever table of this name there is, in one transaction.
    public var replacement: [String] {
        ["table inet \(name)", "delete table inet \(name)"] + definition
    }

    private var definition: [String] {
        guard !chains.isEmpty else { return [] }
        return ["table inet \(name) {"] + chains.flatMap(Self.lines) + ["}"]
    }

    private static func lines(_ chain: Chain) -> [String] {
        (chain.remark.map { ["    # \($0)"] } ?? []) + [
            "    chain \(chain.name) {",
            "        type \(chain.type) hook \(chain.hook) priority \(chain.priority); policy accept;",
        ]
            + chain.rules.map { rule in
                "        \(rule.statement)" + (rule.comment.map { " comment \"\($0)\"" } ?? "")
            } + ["    }"]
    }
}

/// A rule that nftables has no words for, or that would mean something else in them.
public struct NFTablesError: Error, Sendable, Equatable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}

/// `ip` or `ip6`, as rules call the headers of a family.
func headerName(_ family: AddressFamily) -> String { family == .ipv4 ? "ip" : "ip6" }

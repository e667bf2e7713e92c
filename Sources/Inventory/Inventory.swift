import WarrenModel

/// What the operator declares, decoded and free of faults.
public struct Inventory: Sendable, Equatable {
    public var mesh: String
    public var topology: Topology
    /// In the order of the files.
    public var sites: [Site]
    /// In the order of the files; no pair twice.
    public var links: [DeclaredLink]
    /// In the order of the files. Not yet answered: that takes the plan.
    public var tests: [ReachabilityTest]

    public init(
        mesh: String, topology: Topology = .fullMesh, sites: [Site], links: [DeclaredLink] = [],
        tests: [ReachabilityTest] = []
    ) {
        self.mesh = mesh
        self.topology = topology
        self.sites = sites
        self.links = links
        self.tests = tests
    }

    /// Reads, decodes and checks the files of one inventory, which are merged in the order given.
    ///
    /// Faults are values, all of a phase at once: text that is not YAML hides the later phases, nothing else does.
    public static func load(_ files: [InventoryFile]) -> InventoryLoad {
        var faults = FaultList()
        let roots = parse(files, faults: &faults)
        let declaration = decode(roots, faults: &faults)
        check(declaration, faults: &faults)
        return InventoryLoad(
            inventory: faults.isEmpty ? declaration?.inventory(files: files) : nil,
            diagnostics: faults.diagnostics(files: files))
    }
}

/// What came of loading an inventory: the inventory, or why there is none.
public struct InventoryLoad: Sendable, Equatable {
    /// Nil exactly when there are diagnostics.
    public var inventory: Inventory?
    /// In the order of files, lines and columns.
    public var diagnostics: [Diagnostic]

    public init(inventory: Inventory?, diagnostics: [Diagnostic]) {
        self.inventory = inventory
        self.diagnostics = diagnostics
    }
}

/// A location that owns internal networks behind one gateway.
public struct Site: Sendable, Equatable {
    public var name: SiteName
    public var gateway: Gateway
    /// Canonical, without duplicates, at least one.
    public var networks: [IPPrefix]
    public var tags: [String]
    /// The number that its peers call the tunnel to it by, when the operator chose one.
    public var index: Int?
    /// It keeps its place and number, and has no link for now.
    public var isDrained: Bool
    /// Of its networks, those that the other sites see under other addresses; in the order of the networks.
    public var translations: [NetworkTranslation]

    public init(
        name: SiteName, gateway: Gateway, networks: [IPPrefix], tags: [String] = [], index: Int? = nil,
        isDrained: Bool = false, translations: [NetworkTranslation] = []
    ) {
        self.name = name
        self.gateway = gateway
        self.networks = networks
        self.tags = tags
        self.index = index
        self.isDrained = isDrained
        self.translations = translations
    }
}

/// The host that ends a site's tunnels.
public struct Gateway: Sendable, Equatable {
    /// Where the public addresses come from.
    public var publicAddressSource: PublicAddressSource
    /// At most one of each family; empty exactly when they come from elsewhere than the inventory.
    public var publicAddresses: [IPAddress]
    /// Lies in one of the site's networks.
    public var privateAddress: IPAddress
    public var platform: Platform
    public var ipsec: IPsecParameters
    /// The largest packet, in bytes with its IP header, that the gateway's way to the Internet carries.
    public var mtu: Int

    public init(
        publicAddresses: [IPAddress], privateAddress: IPAddress, platform: Platform, ipsec: IPsecParameters,
        mtu: Int = PathMTU.assumed, publicAddressSource: PublicAddressSource = .inventory
    ) {
        self.publicAddressSource = publicAddressSource
        self.publicAddresses = publicAddresses
        self.privateAddress = privateAddress
        self.platform = platform
        self.ipsec = ipsec
        self.mtu = mtu
    }
}

/// One file of an inventory: the name that diagnostics call it by, and its text.
public struct InventoryFile: Sendable, Hashable, Codable {
    public var name: String
    public var text: String
    public init(name: String, text: String) {
        self.name = name
        self.text = text
    }
}

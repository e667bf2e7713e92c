import WarrenModel

/// Which pairs of sites the operator wants linked; the pairs under `links` are added to them.
public enum Topology: Sendable, Equatable {
    /// Every site with every other.
    case fullMesh
    /// Every site with every hub. What one spoke sends to another passes the first hub that is not drained.
    case hubAndSpoke(hubs: [SiteName])
    /// Every site with every other of its groups; a site may be in several.
    case groups([SiteGroup])
    /// No pair but those under `links`.
    case explicit

    /// The word that says it in an inventory.
    public var kind: String {
        switch self {
        case .fullMesh: "full-mesh"
        case .hubAndSpoke: "hub-and-spoke"
        case .groups: "groups"
        case .explicit: "explicit"
        }
    }

    static let kinds = ["full-mesh", "hub-and-spoke", "groups", "explicit"]
}

/// Sites that are all linked with each other.
public struct SiteGroup: Sendable, Equatable {
    public var name: String
    public var sites: [SiteName]
    public init(name: String, sites: [SiteName]) {
        self.name = name
        self.sites = sites
    }
}

/// A pair under `links`: it is linked, whatever the topology.
public struct DeclaredLink: Sendable, Equatable {
    public var link: LinkID
    /// What the link runs with; nil when it says nothing of its own.
    public var ipsec: IPsecParameters?
    public init(link: LinkID, ipsec: IPsecParameters? = nil) {
        self.link = link
        self.ipsec = ipsec
    }
}

/// A promise of `tests`: whether packets of one site reach another, both ways.
public struct ReachabilityTest: Sendable, Equatable {
    public enum Target: Sendable, Hashable, CustomStringConvertible {
        /// Every network of the site that `from` has addresses of the same family as.
        case site(SiteName)
        case address(IPAddress)
        public var description: String {
            switch self {
            case .site(let name): name.description
            case .address(let address): address.description
            }
        }
    }
    public enum Expectation: String, Sendable, Equatable, Codable, CaseIterable { case reachable, unreachable }

    public var from: SiteName
    public var to: Target
    public var expect: Expectation
    /// Where it stands, for the diagnostic when it does not hold.
    public var location: SourceLocation

    public init(from: SiteName, to: Target, expect: Expectation, location: SourceLocation) {
        self.from = from
        self.to = to
        self.expect = expect
        self.location = location
    }
}

import WarrenModel

/// Which addresses the sites of an inventory declare, as a tree: the private ranges, the networks within them, and the
/// networks within those. It stands also when the inventory has faults, such as networks that collide.
public struct AddressSpace: Sendable, Equatable, Codable {
    /// The private ranges that hold any network, then the networks that lie in none; in the order of addresses.
    public var roots: [AddressSpaceNode]
    /// How many networks share addresses with a network of another site.
    public var collisions: Int

    public init(roots: [AddressSpaceNode], collisions: Int) {
        self.roots = roots
        self.collisions = collisions
    }
}

/// One prefix of the address space.
public struct AddressSpaceNode: Sendable, Equatable, Codable {
    public var prefix: IPPrefix
    /// What the range is set aside for; nil for a declared network.
    public var purpose: String?
    /// Whoever declares exactly this prefix, in the order of the files.
    public var owners: [AddressOwner]
    /// Declared networks of other sites that hold this one, the widest first.
    public var collidesWith: [AddressOwner]
    public var children: [AddressSpaceNode]
    /// What of a range, or of a network that holds others, nobody has; nil for networks, whose addresses are all taken.
    public var free: FreeAddresses?

    public init(
        prefix: IPPrefix, purpose: String? = nil, owners: [AddressOwner] = [], collidesWith: [AddressOwner] = [],
        children: [AddressSpaceNode] = [], free: FreeAddresses? = nil
    ) {
        self.prefix = prefix
        self.purpose = purpose
        self.owners = owners
        self.collidesWith = collidesWith
        self.children = children
        self.free = free
    }

    /// Another site has addresses of this network, all or some of them.
    public var isCollision: Bool { !collidesWith.isEmpty || !equals.isEmpty }

    /// The owners that another has the very same prefix as; translated networks may be equal among themselves.
    public var equals: [AddressOwner] {
        let collision = AddressCollision(with: owners)
        return owners.count < 2 ? [] : owners.filter { collision.includes($0) }
    }
}

/// A site that declares a network, or what the others see of one, and where it does.
public struct AddressOwner: Sendable, Equatable, Codable {
    public var site: SiteName
    public var prefix: IPPrefix
    public var location: SourceLocation
    /// What the others see of the prefix, which is a network of the site that is translated.
    public var seenAs: IPPrefix?
    /// The network of the site that the others see as the prefix.
    public var standsFor: IPPrefix?

    public init(
        site: SiteName, prefix: IPPrefix, location: SourceLocation, seenAs: IPPrefix? = nil, standsFor: IPPrefix? = nil
    ) {
        self.site = site
        self.prefix = prefix
        self.location = location
        self.seenAs = seenAs
        self.standsFor = standsFor
    }
}

/// What of a range nobody has.
public struct FreeAddresses: Sendable, Equatable, Codable {
    /// The share of the range's addresses that is free, in hundredths of a percent: 10,000 is all of it. Rounded down.
    public var basisPoints: Int
    /// The largest free prefixes, the largest first, at most `FreeAddresses.shown`.
    public var largest: [IPPrefix]
    /// Into how many prefixes the free addresses fall at least.
    public var count: Int

    public static let shown = 4

    public init(basisPoints: Int, largest: [IPPrefix], count: Int) {
        self.basisPoints = basisPoints
        self.largest = largest
        self.count = count
    }
}

/// What came of looking at an inventory's address space.
public struct AddressSpaceLoad: Sendable, Equatable {
    /// Nil when the text could not be read at all.
    public var space: AddressSpace?
    /// Faults that kept something out of the tree. Networks that collide are none of them: the tree shows those.
    public var diagnostics: [Diagnostic]
}

extension Inventory {
    /// The address space that the files declare, as far as they can be read.
    public static func addressSpace(of files: [InventoryFile]) -> AddressSpaceLoad {
        var faults = FaultList()
        let declaration = decode(parse(files, faults: &faults), faults: &faults)
        let space = declaration.map { declaration in
            AddressSpaceTree.space(
                declaration.addresses.map { network in
                    var owner = AddressOwner(
                        site: declaration.sites[network.site].name.value, prefix: network.prefix,
                        location: network.place.location(in: files), standsFor: network.original)
                    if case .hidden(let visible) = network.role { owner.seenAs = visible }
                    return owner
                })
        }
        return AddressSpaceLoad(space: space, diagnostics: faults.diagnostics(files: files))
    }
}

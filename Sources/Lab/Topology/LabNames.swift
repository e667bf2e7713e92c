import WarrenModel

/// What a lab is called by on its machine: everything follows from the mesh's name, so that a lab can be found and
/// taken down without its inventory.
///
/// No name of a mesh or site holds a dot, so two labs never share a namespace.
public struct LabNames: Sendable, Equatable {
    public let mesh: String

    /// Fails for a name that is not safe in file names.
    public init(mesh: String) throws {
        let allowed = mesh.utf8.allSatisfy {
            (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0) || $0 == 45 || $0 == 95
        }
        guard (1...64).contains(mesh.utf8.count), allowed, mesh.utf8.first != 45 else {
            throw LabError(
                .usage,
                "'\(mesh)' cannot name a lab: letters, digits and hyphens are expected; name the inventory's file, or its mesh")
        }
        self.mesh = mesh
    }

    /// What every namespace of this lab, and of no other, starts with.
    public var prefix: String { "wr-\(mesh)." }
    public var internet: String { prefix + "internet" }
    public var controller: String { prefix + "controller" }
    public func gateway(of site: SiteName) -> String { "\(prefix)\(site).gw" }
    public func nat(of site: SiteName) -> String { "\(prefix)\(site).nat" }
    public func host(of site: SiteName) -> String { "\(prefix)\(site).host" }

    /// The folder that holds every lab's folder.
    public static let root = "/run/warren-lab"
    public var directory: String { "\(Self.root)/\(mesh)" }
}

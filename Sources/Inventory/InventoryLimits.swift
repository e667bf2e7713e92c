/// What an inventory may be at most: far above any real mesh, and low enough that a hostile text is refused fast.
public enum InventoryLimits {
    /// UTF-8 bytes of all files together: 4 MiB.
    public static let textBytes = 4 << 20
    /// Mappings and sequences inside each other.
    public static let depth = 16
    /// Scalars, mappings and sequences of one file.
    public static let nodes = 1_000_000
    /// Sites of a mesh.
    public static let sites = 2_000
    /// Routes of the whole mesh: every gateway has one for each network of every other site.
    public static let routes = 10_000_000
    /// Diagnostics of one load; the rest is counted.
    public static let diagnostics = 1_000
}

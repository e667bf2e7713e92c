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
    /// Pairs under `links`.
    public static let links = 100_000
    /// Promises under `tests`: each takes the plans of two gateways or more.
    public static let tests = 1_000
    /// Numbers that name a site's tunnels on its peers: `gif99999` is well within the 15 bytes that a name may have.
    public static let indexes = 1...99_999
    /// Bytes that a gateway's way to the Internet may be said to carry: IPv4's least (RFC 791) to a jumbo frame's.
    public static let mtu = 576...9216
    /// Routes of the whole mesh: every gateway has one for each network of every other site.
    public static let routes = 10_000_000
    /// Diagnostics of one load; the rest is counted.
    public static let diagnostics = 1_000
}

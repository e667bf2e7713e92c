import DataPlane
import WarrenModel

/// Static routes, marked by a routing protocol number of Warren's own: no other route is ever touched.
struct KernelRoutes {
    /// Unassigned in iproute2's rt_protos.
    private static let routingProtocol = "186"
    /// Unlike any other's, for the kernel tells the routes of one destination apart by their metric.
    private static let tunnelMetric = "186"
    /// The worst but one (the kernel's own is the worst): used only while no better route stands.
    private static let unreachableMetric = "4294967294"

    let tools: NetworkTools

    /// No next hop stands for a peer whose inner address is of the other family. A next hop is on the link whether or not the
    /// kernel has noticed yet that the link is ready. Sources need no hint: an address of the outgoing interface is preferred.
    func add(_ route: Route) throws(DataPlaneError) {
        let via = route.via.map { ["via", "\($0)"] } ?? []
        try tools.require(
            ip(route.destination) + ["route", "replace", "\(route.destination)"] + via
                + ["dev", route.interface] + (via.isEmpty ? [] : ["onlink"]) + [
                    "proto", Self.routingProtocol, "metric", Self.tunnelMetric,
                ])
    }

    func remove(_ route: Route) throws(DataPlaneError) {
        try tools.removing(
            ip(route.destination)
                + ["route", "delete", "\(route.destination)", "dev", route.interface, "proto", Self.routingProtocol])
    }

    func addUnreachable(_ prefix: IPPrefix) throws(DataPlaneError) {
        try tools.require(
            ip(prefix) + [
                "route", "replace", "unreachable", "\(prefix)", "proto", Self.routingProtocol, "metric",
                Self.unreachableMetric,
            ])
    }

    func removeUnreachable(_ prefix: IPPrefix) throws(DataPlaneError) {
        try tools.removing(
            ip(prefix) + ["route", "delete", "unreachable", "\(prefix)", "proto", Self.routingProtocol])
    }

    func observe() throws(DataPlaneError) -> (routes: Set<Route>, unreachable: Set<IPPrefix>) {
        var routes: Set<Route> = []
        var unreachable: Set<IPPrefix> = []
        for family in AddressFamily.allCases {
            let output = try tools.require(
                ["ip", family == .ipv4 ? "-4" : "-6", "-j", "route", "show", "table", "main", "proto", Self.routingProtocol])
            // A family without any route prints nothing at all.
            guard !output.isEmpty else { continue }
            for entry in try decodeJSON([RouteEntry].self, output) {
                guard let destination = entry.prefix(family) else { continue }
                if entry.type == "unreachable" {
                    unreachable.insert(destination)
                } else if let interface = entry.dev {
                    let via = entry.gateway.flatMap { IPAddress($0) }
                    routes.insert(Route(destination: destination, via: via, interface: interface))
                }
            }
        }
        return (routes, unreachable)
    }

    /// Why there is no way to an address.
    struct NoRoute: Error { let reason: String }

    /// The way that the kernel would take from one address to another, or, where the first is none of its own, from what it sends
    /// from then: such a gateway may be behind a NAT.
    func route(
        from local: IPAddress, to remote: IPAddress
    ) throws(DataPlaneError) -> Result<LinkEvidence.OuterRoute, NoRoute> {
        var outcome = try tools.run(lookUp(remote) + ["from", "\(local)"])
        // The kernel gives the same error for an address that is not its own as for none of a way.
        if outcome.status != 0, try !isOwn(local) { outcome = try tools.run(lookUp(remote)) }
        guard outcome.status == 0 else {
            let answer = outcome.errors.split(separator: "\n").first.map(String.init) ?? "status \(outcome.status)"
            return .failure(NoRoute(reason: "there is no route to \(remote): \(answer)"))
        }
        guard let entry = try decodeJSON([LookedUp].self, outcome.output).first, let interface = entry.dev else {
            return .failure(NoRoute(reason: "there is no route to \(remote)"))
        }
        if let type = entry.type, type != "unicast", type != "local" {
            return .failure(NoRoute(reason: "the route to \(remote) is of type \(type)"))
        }
        return .success(
            LinkEvidence.OuterRoute(
                interface: interface, source: (entry.from ?? entry.prefsrc).flatMap { IPAddress($0) },
                gateway: entry.gateway.flatMap { IPAddress($0) }))
    }

    private func isOwn(_ address: IPAddress) throws(DataPlaneError) -> Bool {
        let outcome = try tools.run(lookUp(address))
        guard outcome.status == 0 else { return false }
        return try decodeJSON([LookedUp].self, outcome.output).first?.type == "local"
    }

    private func lookUp(_ address: IPAddress) -> [String] {
        ["ip", address.family == .ipv4 ? "-4" : "-6", "-j", "route", "get", "\(address)"]
    }

    private struct LookedUp: Decodable {
        let type: String?
        let dev: String?
        let from: String?
        let prefsrc: String?
        let gateway: String?
    }

    private func ip(_ prefix: IPPrefix) -> [String] { ["ip", prefix.family == .ipv4 ? "-4" : "-6"] }

    private struct RouteEntry: Decodable {
        let type: String?
        let dst: String?
        let gateway: String?
        let dev: String?

        func prefix(_ family: AddressFamily) -> IPPrefix? {
            guard let dst else { return nil }
            if dst == "default" { return IPPrefix(family == .ipv4 ? "0.0.0.0/0" : "::/0") }
            return IPPrefix(dst) ?? IPAddress(dst).map { IPPrefix(host: $0) }
        }
    }
}

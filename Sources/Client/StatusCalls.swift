import Foundation
import WarrenAPIModel
import WarrenModel
import WarrenStatus

/// What is read of links, gateways and events.
extension ControllerClient {
    /// Which links a status holds; its counts are of the whole mesh whatever was asked for.
    public enum ShownLinks: String, Sendable, CaseIterable { case all, unwell, none }

    /// `GET /v1/status?links=&site=&tag=&groups=`: only the given site, or the sites of the tag, and their links.
    ///
    /// Fails with `.absent` when there is no such site.
    ///
    /// - Parameter groups: count the links between tags, too.
    public func status(
        links: ShownLinks, site: SiteName? = nil, tag: String? = nil, groups: Bool = false
    ) async throws -> MeshStatus {
        let path = Self.path(
            "/v1/status",
            [("links", links.rawValue), ("site", site?.description), ("tag", tag), ("groups", groups ? "tags" : nil)])
        do {
            return try await get(path)
        } catch let error as ClientError where error.code == .refused && tag == nil {
            // A controller that is older than the question is asked for everything.
            return Self.narrowed(try await status(), links, site)
        }
    }

    /// `GET /v1/status?links=` of the whole mesh, as the controller's own JSON, lent piece by piece as it comes.
    public func statusText(links: ShownLinks, take: (UnsafeRawBufferPointer) throws -> Void) async throws {
        let path = Self.path("/v1/status", [("links", links == .all ? nil : links.rawValue)])
        try await stream(.GET, path, accept: "application/json", seconds: 300) {
            try $0.withUnsafeReadableBytes(take)
        }
    }

    private static func narrowed(_ whole: MeshStatus, _ links: ShownLinks, _ site: SiteName?) -> MeshStatus {
        var status = whole
        status.counts = MeshCounts(
            links: Dictionary(grouping: whole.links, by: \.state).mapValues(\.count),
            flappingLinks: whole.links.count { $0.isFlapping == true }, sites: whole.sites.count,
            connectedSites: whole.sites.count(where: \.connected))
        status.sites.removeAll { site != nil && $0.site != site }
        status.links.removeAll { link in
            links == .none || (links == .unwell && link.state.isWell) || site.map { !link.link.contains($0) } ?? false
        }
        return status
    }

    /// `GET /v1/links/{a--b}`.
    public func link(_ link: LinkID) async throws -> APIMessage.LinkDetails { try await get("/v1/links/\(link)") }

    /// `GET /v1/gateways/{site}`.
    public func gateway(_ site: SiteName) async throws -> APIMessage.GatewayDetails { try await get("/v1/gateways/\(site)") }

    /// Which events are asked for; nil: whichever.
    public struct EventQuery: Sendable, Hashable {
        /// An event's number, or a time (RFC 3339).
        public var since: String?
        public var site: SiteName?
        public var link: LinkID?
        public var kind: String?
        public var limit: Int?
        public init(
            since: String? = nil, site: SiteName? = nil, link: LinkID? = nil, kind: String? = nil, limit: Int? = nil
        ) {
            self.since = since
            self.site = site
            self.link = link
            self.kind = kind
            self.limit = limit
        }
    }

    /// `GET /v1/events?since=&site=&link=&kind=&limit=`: oldest first.
    public func events(_ query: EventQuery) async throws -> [APIMessage.Event] {
        try await get(
            Self.path(
                "/v1/events",
                [
                    ("since", query.since), ("site", query.site?.description), ("link", query.link?.description),
                    ("kind", query.kind), ("limit", query.limit.map(String.init)),
                ]))
    }

    static func path(_ path: String, _ items: [(String, String?)]) -> String {
        // RFC 3986, 2.3: what needs no escape anywhere.
        let plain = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
        let given = items.compactMap { name, value in
            value.flatMap { $0.addingPercentEncoding(withAllowedCharacters: plain) }.map { "\(name)=\($0)" }
        }
        return given.isEmpty ? path : path + "?" + given.joined(separator: "&")
    }
}

import WarrenAPIModel
import WarrenController
import WarrenInventory
import WarrenModel
import WarrenStatus
import WarrenStore

/// What is read, as it is told.
extension APIMessage.Event {
    init(_ event: EventRecord) {
        self.init(
            number: event.number, at: API.text(event.at), kind: event.kind.rawValue, site: event.site, link: event.link,
            text: event.text)
    }
}

extension APIMessage.LinkEnd {
    init(_ site: SiteName, _ peer: SiteName, _ observation: AgentObservation, age: Double?) {
        let report = observation.report
        self.init(
            site: site, connected: observation.connected, reportSecondsAgo: age,
            tunnel: report?.tunnels.first { $0.tunnel.peer == peer },
            securityAssociations: report?.securityAssociations.filter { $0.peer == peer } ?? [],
            ike: report?.ike.first { $0.peer == peer }, probe: report?.probes.first { $0.peer == peer },
            drift: report?.drift ?? [])
    }
}

extension APIMessage.Sample {
    init(_ sample: LinkSample) {
        self.init(
            at: API.text(.init(timeIntervalSince1970: Double(sample.at))),
            state: LinkState(severity: sample.severity) ?? .unknown,
            rttMs: sample.roundTripMilliseconds, lossPercent: sample.lossPercent, rxBps: sample.receivedBitsPerSecond,
            txBps: sample.sentBitsPerSecond)
    }
}

extension APIMessage.GatewayDetails {
    init(_ standing: Controller.GatewayStanding, events: [APIMessage.Event]) {
        self.init(
            status: standing.status, index: standing.index, platform: standing.site.gateway.platform,
            agentVersion: standing.report?.agentVersion, outerAddresses: standing.site.gateway.publicAddresses,
            networks: standing.site.networks, certificateExpiresAt: standing.certificateEnds.map(API.text),
            tags: standing.site.tags, report: standing.report, links: standing.links, events: events)
    }
}

extension APIMessage.Addresses {
    init(_ generation: Generation, of sites: [Site], space: AddressSpace?) {
        let owned = sites.flatMap { site in site.networks.map { (site: site.name, prefix: $0) } }
        // A site may hold a network within another of its own only by a fault, so that each pair is of two sites.
        let pairs = PrefixOverlaps(of: owned.map(\.prefix), limit: 10_000).pairs.filter {
            owned[$0.wider].site != owned[$0.narrower].site
        }
        self.init(
            generation: generation,
            sites: sites.map { site in
                let visible = Dictionary(site.translations.map { ($0.network, $0.visible) }) { first, _ in first }
                return APIMessage.SiteAddresses(
                    site: site.name,
                    networks: site.networks.map { APIMessage.SiteNetwork(real: $0, visible: visible[$0] ?? $0) },
                    outerAddresses: site.gateway.publicAddresses, innerAddress: site.gateway.privateAddress,
                    tags: site.tags)
            },
            overlaps: pairs.map { pair in
                APIMessage.AddressOverlap(
                    site: owned[pair.wider].site, network: owned[pair.wider].prefix, otherSite: owned[pair.narrower].site,
                    otherNetwork: owned[pair.narrower].prefix)
            }, space: space)
    }
}

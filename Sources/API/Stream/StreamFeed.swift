import WarrenAPIModel
import WarrenController
import WarrenModel
import WarrenStatus

extension StreamHub {
    /// What the controller tells of its mesh.
    static func meshFeed(of controller: Controller) -> Feed {
        {
            let (batches, continuation) = AsyncStream.makeStream(of: StreamBatch.self)
            let task = Task {
                var look = Look()
                while !Task.isCancelled {
                    let batch = await look.again(at: controller)
                    if !batch.isEmpty { continuation.yield(batch) }
                    guard (try? await Task.sleep(for: .seconds(1))) != nil else { break }
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
            return batches
        }
    }

    /// What was seen last.
    private struct Look {
        var sites: [SiteName: SiteStatus] = [:]
        var links: [LinkID: LinkStatus] = [:]
        var event: UInt64 = .max
        var rollout: APIMessage.RolloutStatus?
        var isFirst = true

        mutating func again(at controller: Controller) async -> StreamBatch {
            let status = await controller.status()
            var batch = StreamBatch()
            for site in status.sites where sites.updateValue(Self.steady(site), forKey: site.site) != Self.steady(site) {
                batch.sites.append(site)
            }
            for link in status.links where links.updateValue(Self.steady(link), forKey: link.link) != Self.steady(link) {
                batch.links.append(link)
            }
            let events = (try? await controller.events(since: event == .max ? 0 : event)) ?? []
            if event != .max { batch.events = events.map(RolloutText.event) }
            event = events.last?.number ?? (event == .max ? 0 : event)
            let current = await controller.currentRollout.map(RolloutText.status)
            if current != rollout { batch.rollout = current }
            rollout = current
            defer { isFirst = false }
            return isFirst ? StreamBatch() : batch
        }

        private static func steady(_ site: SiteStatus) -> SiteStatus {
            var site = site
            site.lastReportSecondsAgo = nil
            return site
        }

        private static func steady(_ link: LinkStatus) -> LinkStatus {
            var link = link
            link.roundTripMilliseconds = nil
            return link
        }
    }
}

extension StreamBatch {
    var isEmpty: Bool { links.isEmpty && sites.isEmpty && events.isEmpty && rollout == nil && !isWhole }
}

import WarrenAPIModel
import WarrenController

extension StreamHub {
    /// What the controller tells of its mesh.
    static func meshFeed(of controller: Controller) -> Feed {
        {
            let changes = controller.meshChanges()
            let (batches, continuation) = AsyncStream.makeStream(of: StreamBatch.self)
            let task = Task {
                for await change in changes { continuation.yield(StreamBatch(change)) }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
            return batches
        }
    }
}

extension StreamBatch {
    init(_ changes: MeshChanges) {
        self.init(
            links: changes.links, sites: changes.sites, events: changes.events.map(APIMessage.Event.init),
            rollout: changes.rollout.map(RolloutText.status), isWhole: changes.isWhole)
    }
}

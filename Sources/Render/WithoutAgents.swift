import WarrenInventory
import WarrenModel

extension Inventory {
    /// The inventory as it is once the gateway of `site` is one without an agent.
    ///
    /// The peers stay what they are declared as, for packets to and from an embedded data plane are larger. Where racoon
    /// runs, no peer is embedded: that speaks IKEv2 only.
    public func withoutAgent(at site: SiteName, for target: RenderTarget) -> Inventory {
        var inventory = self
        for index in inventory.sites.indices {
            let isTheSite = inventory.sites[index].name == site
            let isEmbedded = inventory.sites[index].gateway.platform == .embedded
            if isTheSite || (target == .freebsdWithRacoon && isEmbedded) {
                inventory.sites[index].gateway.platform = target.platform
            }
        }
        return inventory
    }
}

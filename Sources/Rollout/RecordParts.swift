import WarrenModel

/// A record in two parts, for the disk: what a roll-out has to change stays as it is from its beginning, and how far it is
/// changes all the time.
extension MeshControl.Record {
    /// What the roll-out has to change, if there is one.
    public var fleet: RolloutFleet? { rollout?.fleet }

    /// All else.
    public var progress: MeshControl.Record {
        var progress = self
        progress.rollout?.fleet = RolloutFleet(changes: [:], links: [], changedLinks: [])
        return progress
    }

    /// The record whose parts these are; nil when they don't fit each other.
    public init?(progress: MeshControl.Record, fleet: RolloutFleet?) {
        self = progress
        guard let rollout else { return }
        guard let fleet, rollout.fits(fleet) else { return nil }
        self.rollout?.fleet = fleet
    }
}

extension Rollout {
    fileprivate func fits(_ fleet: RolloutFleet) -> Bool {
        let sets = [up, regathering?.links ?? LinkSet()] + steps.flatMap { [$0.baseline, $0.missing] }
        return Set(sites.keys) == Set(fleet.changes.keys) && sets.allSatisfy { $0.end <= fleet.links.count }
    }
}

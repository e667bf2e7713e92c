import WarrenModel
import WarrenPlan

/// A plan, and the way that led to it.
final class KnownPlan: Sendable {
    let way: [Waypoint]
    let plan: GatewayPlan

    init(_ way: [Waypoint], _ plan: GatewayPlan) {
        self.way = way
        self.plan = plan
    }
}

/// The plans of one gateway on its way to a generation: what decided which steps it takes is also what it is offered in each.
final class WorkedPlans: Sendable {
    /// Meshes of more links keep none: theirs are worked out for each offer, one gateway after the other.
    static let mostLinks = 5_000

    /// What led to `old`.
    let way: [Waypoint]
    let old: GatewayPlan
    let generation: Generation
    let expanded: GatewayPlan
    let switched: GatewayPlan
    let new: GatewayPlan

    init(way: [Waypoint], old: GatewayPlan, generation: Generation, new: GatewayPlan) {
        self.way = way
        self.old = old
        self.generation = generation
        self.new = new
        expanded = GatewayPlan.transition(from: old, to: new, at: .expand)
        switched = GatewayPlan.transition(from: old, to: new, at: .switchOver)
    }

    var steps: Set<TransitionStep> {
        var steps: Set<TransitionStep> = []
        if expanded != old { steps.insert(.expand) }
        if switched != expanded { steps.insert(.switchOver) }
        if new != switched { steps.insert(.contract) }
        return steps
    }

    /// The plan that `way` leads to; nil when that is another way.
    func plan(along way: [Waypoint]) -> GatewayPlan? {
        guard let last = way.last else { return nil }
        if way == self.way { return old }
        guard last.generation == generation, way.count == 1 && last.step == .contract || way.dropLast() == self.way[...] else {
            return nil
        }
        return switch last.step {
        case .expand: expanded
        case .switchOver: switched
        case .contract: new
        }
    }
}

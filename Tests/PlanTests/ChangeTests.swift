import Testing
import WarrenInventory
import WarrenModel
import WarrenPlan

@Suite struct ChangeTests {
    @Test func theSamePlanIsNoChange() throws {
        let plan = try Samples.plan("five-sites")
        #expect(Plan.changes(from: plan, to: plan) == [])
        let mesh = MeshDerivation(try Samples.inventory("five-sites"))
        #expect(PlanText.changes(MeshComparison(from: mesh, to: mesh).changeSet()) == "no changes\n")
    }

    @Test func theFirstPlanIsAllAdditions() throws {
        let plan = try Samples.plan("five-sites")
        let changes = Plan.changes(from: nil, to: plan)
        #expect(changes.allSatisfy { $0.kind == .add && $0.old == nil && $0.new != nil })
        let items = plan.gateways.map {
            1 + $0.tunnels.count + $0.routes.count + $0.unreachable.count + $0.policies.count + $0.keys.count
                + $0.firewall.count + $0.ike.count
        }
        #expect(changes.count == items.reduce(0, +))
    }

    @Test func goingBackMirrorsGoingForth() throws {
        let samples = try Samples.small().map(Samples.plan)
        for old in samples {
            for new in samples {
                let forth = Plan.changes(from: old, to: new), back = Plan.changes(from: new, to: old)
                let mirrored = back.map { change in
                    let kind: Change.Kind = change.kind == .add ? .remove : change.kind == .remove ? .add : .change
                    return Change(
                        site: change.site, kind: kind, subject: change.subject, old: change.new, new: change.old,
                        link: change.link)
                }
                // A tunnel whose peer changed belongs to the link that it has now.
                let strip = { (change: Change) in
                    "\(change.site) \(change.kind) \(change.subject) \(change.old ?? "") \(change.new ?? "")"
                }
                #expect(Set(forth.map(strip)) == Set(mirrored.map(strip)))
                #expect(forth.isEmpty == (old == new))
            }
        }
    }

    @Test func theChangesOfEachGatewayMakeAllChanges() throws {
        let old = try Samples.inventory("five-sites")
        var new = old
        new.sites[1].isDrained = true
        let (from, to) = (Plan.derive(from: old), Plan.derive(from: new))
        let parts = MeshDerivation(new).flatMap { Plan.changes(at: $0.site, from: from[$0.site], to: $0) }
        #expect(parts == Plan.changes(from: from, to: to))
        #expect(!parts.isEmpty && parts.allSatisfy { $0.kind == .remove })
    }

    @Test func removingASiteTouchesEveryPeerButNoOtherLink() throws {
        let inventory = try Samples.inventory("five-sites")
        let old = Plan.derive(from: inventory)
        var smaller = inventory
        smaller.sites.removeAll { $0.name.description == "oslo" }
        let new = Plan.derive(
            from: smaller, assignments: Assignments(indexes: SiteIndexes.assign(inventory.sites, known: [:])))
        let changes = Plan.changes(from: old, to: new)
        let oslo = try name("oslo")
        #expect(changes.allSatisfy { $0.kind == .remove })
        #expect(changes.allSatisfy { $0.link?.contains(oslo) ?? true })
        #expect(Set(changes.map(\.site)).count == 5)
    }

    @Test func aChangeSaysOldAndNew() throws {
        let inventory = try Samples.inventory("handbook")
        var moved = inventory
        moved.sites[1].gateway.publicAddresses = [try #require(IPAddress("198.51.100.21"))]
        let changes = Plan.changes(from: Plan.derive(from: inventory), to: Plan.derive(from: moved))
        let tunnel = try #require(changes.first { $0.subject == "tunnel gif2" })
        #expect(tunnel.kind == .change)
        #expect(tunnel.old?.contains("198.51.100.20") == true)
        #expect(tunnel.new?.contains("198.51.100.21") == true)
        #expect(tunnel.link?.description == "first--second")
    }

    @Test func eachPartOfAPlanIsCompared() throws {
        let plan = try Samples.plan("five-sites")
        let edits: [(String, (inout GatewayPlan) -> Void)] = [
            ("gateway", { $0.platform = .linux }), ("tunnel", { $0.tunnels.removeFirst() }),
            ("route", { $0.routes.removeFirst() }), ("unreachable", { $0.unreachable.removeFirst() }),
            ("policy", { $0.policies.removeFirst() }), ("key", { $0.keys.removeFirst() }),
            ("firewall", { $0.firewall.removeFirst() }), ("ike", { $0.ike.removeFirst() }),
        ]
        for (subject, edit) in edits {
            var edited = plan
            edit(&edited.gateways[2])
            let changes = Plan.changes(from: plan, to: edited)
            #expect(changes.count == 1, "\(subject): \(changes)")
            #expect(changes.first?.subject.hasPrefix(subject) == true)
            #expect(changes.first?.site == plan.gateways[2].site)
        }
    }
}

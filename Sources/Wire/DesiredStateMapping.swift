import AgentCore
import FoundationEssentials
import SwiftProtobuf
import WarrenModel
import WarrenPlan

extension GatewayPlan {
    init(wire: Warren_Agent_V1_GatewayPlan) throws(WireError) {
        self.init(
            site: try Field.site(wire.site, "plan.site"), platform: try Platform(wire: wire.platform),
            index: try Field.positive(wire.index, atMost: UInt32(Int32.max), "plan.index"),
            outerAddresses: try wire.outerAddresses.read { item throws(WireError) in
                try Field.address(item, "plan.outer_addresses")
            },
            innerAddress: try Field.address(wire.innerAddress, "plan.inner_address"),
            networks: try wire.networks.read { item throws(WireError) in try IPPrefix(wire: item, "plan.networks") },
            tunnels: try wire.tunnels.read { item throws(WireError) in try GIFTunnel(wire: item) },
            routes: try wire.routes.read { item throws(WireError) in try Route(wire: item) }
                + [Route](wire: wire.routeRuns, "plan.route_runs"),
            unreachable: try wire.unreachable.read { item throws(WireError) in try IPPrefix(wire: item, "plan.unreachable") }
                + [IPPrefix](wire: wire.unreachableRuns, "plan.unreachable_runs"),
            policies: try wire.policies.read { item throws(WireError) in try SecurityPolicy(wire: item) },
            keys: try wire.keys.read { item throws(WireError) in
                Key(
                    peer: try Field.site(item.peer, "plan.keys.peer"),
                    reference: try Field.link(
                        try Field.present(item.hasReference, item.reference, "plan.keys.reference"), "plan.keys.reference"))
            },
            firewall: try wire.firewall.read { item throws(WireError) in try FirewallRule(wire: item) },
            ike: try wire.ike.read { item throws(WireError) in try IKEPeer(wire: item) },
            translations: try wire.translations.read { item throws(WireError) in try NetworkTranslation(wire: item) },
            awaiting: try wire.awaiting.read { item throws(WireError) in
                guard let source = PublicAddressSource(item.source) else {
                    throw Field.fault("plan.awaiting", "unknown source")
                }
                return AwaitedPeer(
                    peer: try Field.site(item.peer, "plan.awaiting.peer"),
                    site: try Field.site(item.site, "plan.awaiting.site"),
                    source: source)
            })
        try checkConsistency()
    }

    /// What no single field shows: names used twice, and keys that are not this site's.
    private func checkConsistency() throws(WireError) {
        guard Set(tunnels.map(\.interface)).count == tunnels.count else {
            throw Field.fault("plan.tunnels", "interface used twice")
        }
        guard Set(tunnels.map(\.peer)).count == tunnels.count, !tunnels.contains(where: { $0.peer == site }) else {
            throw Field.fault("plan.tunnels", "peer used twice, or the site itself")
        }
        guard Set(ike.map(\.peer)).count == ike.count else { throw Field.fault("plan.ike", "peer used twice") }
        for peer in ike where peer.acceptedKeys.contains(where: { $0.link.peer(of: site) != peer.peer }) {
            throw Field.fault("plan.ike.key", "a key of another link")
        }
        for key in keys where key.reference.link.peer(of: site) != key.peer {
            throw Field.fault("plan.keys", "a key of another link")
        }
    }

    func wire(isPacked: Bool) -> Warren_Agent_V1_GatewayPlan {
        .with {
            $0.site = site.description
            $0.platform = platform.wire
            $0.index = UInt32(clamping: index)
            $0.outerAddresses = outerAddresses.map(\.wire)
            $0.innerAddress = innerAddress.wire
            $0.networks = networks.map(\.wire)
            $0.tunnels = tunnels.map(\.wire)
            if isPacked {
                $0.routeRuns = routes.packed
                $0.unreachableRuns = unreachable.packed
            } else {
                $0.routes = routes.map(\.wire)
                $0.unreachable = unreachable.map(\.wire)
            }
            $0.policies = policies.map(\.wire)
            $0.keys = keys.map { key in
                .with {
                    $0.peer = key.peer.description
                    $0.reference = key.reference.wire
                }
            }
            $0.firewall = firewall.map(\.wire)
            $0.ike = ike.map(\.wire)
            $0.translations = translations.map(\.wire)
            $0.awaiting = awaiting.map { awaited in
                .with {
                    $0.peer = awaited.peer.description
                    $0.site = awaited.site.description
                    $0.source = awaited.source.description
                }
            }
        }
    }
}

extension DesiredState {
    /// Length of every pre-shared key in bytes.
    public static let keyLength = 32

    public init(wire: Warren_Agent_V1_DesiredState) throws(WireError) {
        try Field.version(wire.protocolVersion)
        let plan = try GatewayPlan(wire: try Field.present(wire.hasPlan, wire.plan, "plan"))
        var keys: [PSKReference: PreSharedKey] = [:]
        for key in wire.keys {
            let reference = try Field.link(
                try Field.present(key.hasReference, key.reference, "keys.reference"), "keys.reference")
            guard key.secret.count == Self.keyLength else { throw Field.fault("keys", "a key is not \(Self.keyLength) bytes") }
            guard reference.link.contains(plan.site) else { throw Field.fault("keys", "a key of another site's link") }
            guard keys.updateValue(PreSharedKey(SecretBytes(key.secret)), forKey: reference) == nil else {
                throw Field.fault("keys", "\(reference) twice")
            }
        }
        for reference in plan.ike.flatMap(\.acceptedKeys) + plan.keys.map(\.reference) where keys[reference] == nil {
            throw Field.fault("keys", "\(reference) is missing")
        }
        self.init(
            mesh: try Field.mesh(wire.mesh, "mesh"),
            version: StateVersion(wire: try Field.present(wire.hasVersion, wire.version, "version")), plan: plan, keys: keys)
    }

    /// Holds the keys: for an encrypted stream, or a file that only its owner reads. Readable for whoever knows what the plan needs
    /// (`GatewayPlan.neededVersion`).
    public var wire: Warren_Agent_V1_DesiredState { wire(isPacked: false) }

    /// The same for the stream of an agent of `version`, in the form that costs both ends the least.
    public func wire(for version: WireVersion) -> Warren_Agent_V1_DesiredState { wire(isPacked: version >= .packedPrefixes) }

    private func wire(isPacked: Bool) -> Warren_Agent_V1_DesiredState {
        .with {
            let needed = plan.neededVersion.version
            $0.protocolVersion = (isPacked ? max(needed, .packedPrefixes) : needed).wire
            $0.mesh = mesh
            $0.version = version.wire
            $0.plan = plan.wire(isPacked: isPacked)
            $0.keys = keys.sorted { ($0.key.link, $0.key.epoch) < ($1.key.link, $1.key.epoch) }.map { reference, key in
                .with {
                    $0.reference = reference.wire
                    $0.secret = key.secret.withBytes { Data($0) }
                }
            }
        }
    }

    /// The bytes of `agent.proto`'s `DesiredState`, for the agent's last good state on disk. The same state gives the same
    /// bytes. They hold the keys.
    public func serialized() throws(WireError) -> [UInt8] {
        do {
            return try wire.serializedBytes()
        } catch {
            throw WireError(field: "desired state", problem: "cannot be serialized: \(error)")
        }
    }

    /// Reads what `serialized` wrote; throws for anything else, as for what comes from the network.
    public init(serialized bytes: [UInt8]) throws(WireError) {
        let message: Warren_Agent_V1_DesiredState
        do {
            message = try .init(serializedBytes: bytes)
        } catch {
            throw WireError(field: "desired state", problem: "is not a message of its type")
        }
        try self.init(wire: message)
    }
}

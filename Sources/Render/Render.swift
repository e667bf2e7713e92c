import WarrenModel
import WarrenPlan

/// What a gateway without an agent runs.
public enum RenderTarget: Sendable, Hashable {
    /// The handbook's: racoon speaks IKEv1, setkey owns the security policies, and every peer must run racoon, too.
    case freebsdWithRacoon
    /// charon speaks IKEv2 and owns the security policies.
    case freebsdWithStrongSwan
    /// charon speaks IKEv2; a batch of `ip xfrm policy` owns the security policies.
    case linux

    public var platform: Platform { self == .linux ? .linux : .freebsd }

    var title: String {
        switch self {
        case .freebsdWithRacoon: "FreeBSD with racoon"
        case .freebsdWithStrongSwan: "FreeBSD with strongSwan"
        case .linux: "Linux with strongSwan"
        }
    }
}

/// Turns one gateway's plan into the files that a person would put there by hand. Pure: the same arguments give the same
/// bytes.
public enum Render {
    /// - Parameter key: the secret of each link; asked once for each.
    /// - Throws: what cannot be said in the formats of the target; nothing is ever quoted by guessing.
    public static func files(
        of plan: GatewayPlan, mesh: String, for target: RenderTarget, key: (PSKReference) -> PreSharedKey
    ) throws(RenderError) -> [RenderedFile] {
        let gateway = try RenderedGateway(plan, mesh: mesh, target: target, key: key)
        switch target {
        case .freebsdWithRacoon:
            return [
                try RCConfiguration.file(gateway), try SysctlSettings.file(gateway), try SetkeyPolicies.file(gateway),
                try IPFWRules.file(gateway), try PFRules.file(gateway), try RacoonConfiguration.file(gateway),
                try RacoonKeys.file(gateway),
            ].compactMap(\.self)
        case .freebsdWithStrongSwan:
            return [
                try RCConfiguration.file(gateway), try SysctlSettings.file(gateway), try IPFWRules.file(gateway),
                try PFRules.file(gateway), try DaemonSettings.file(gateway), try SwanctlConfiguration.file(gateway),
            ].compactMap(\.self)
        case .linux:
            return [
                try SysctlSettings.file(gateway), try FilterTable.file(gateway), try PolicyBatch.file(gateway),
                try TunnelBatch.file(gateway), try DaemonSettings.file(gateway), try SwanctlConfiguration.file(gateway),
            ]
        }
    }

    /// Every name that a file of any target has.
    public static let fileNames: Set<String> = [
        RCConfiguration.name, SysctlSettings.name, SetkeyPolicies.name, IPFWRules.name, PFRules.name, RacoonConfiguration.name,
        RacoonKeys.name, DaemonSettings.name, SwanctlConfiguration.name, FilterTable.name, PolicyBatch.name,
        TunnelBatch.name,
    ]
}

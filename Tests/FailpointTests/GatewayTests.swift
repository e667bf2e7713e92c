import Foundation
import Testing
import WarrenFailpoints

/// A gateway's programs and its controller die at every point of a boot, of a change, and of what goes wrong with one; each time
/// the mesh becomes whole again by itself, once the dead program is started anew. As root, with the built programs.
@Suite(.serialized) struct GatewayTests {
    static let scenarios: [(death: Death, points: [Failpoint])] = [
        (
            .booting,
            [
                .agentRestored, .agentApplyBegun, .agentFirewallBefore, .agentFirewallAfter, .agentTranslationsBefore,
                .agentTranslationsAfter, .agentUnreachableBefore, .agentUnreachableAfter, .agentPolicyBefore,
                .agentPolicyAfter, .agentTunnelBefore, .agentTunnelAfter, .agentPeerBefore, .agentPeerAfter, .agentRouteBefore,
                .agentRouteAfter, .agentApplied, .agentSessionGreeted, .agentSessionOpened, .agentReported,
            ]
        ),
        (
            .changing,
            [
                .agentReceived, .agentTrialStaging, .agentTrialStaged, .agentTrialReconnecting, .agentTrialConfirmed,
                .agentTrialDiscarded, .agentStoring, .agentStored, .agentRouteRemoving, .agentRouteRemoved,
                .agentUnreachableRemoving, .agentUnreachableRemoved,
            ]
        ),
        (
            .draining,
            [
                .agentTunnelRemoving, .agentTunnelRemoved, .agentPeerRemoving, .agentPeerRemoved, .agentPolicyRemoving,
                .agentPolicyRemoved,
            ]
        ),
        (.goingBack, [.agentRejectionBegun, .agentRejectionStored]),
        (.rollingBackByHand, [.agentRollBackAsked, .agentRollBackDecided]),
        (.renewing, [.agentRenewalKeyed, .agentRenewalAnswered, .agentRenewalStored]),
        (
            .settingUp,
            [
                .tunnelServing, .tunnelRequested, .tunnelAttachBefore, .tunnelAttachAfter, .tunnelPolicyAdded,
                .tunnelPeerBefore, .tunnelPeerAfter,
            ]
        ),
        (.tearingDown, [.tunnelDetached, .tunnelPolicyRemoved, .tunnelPeerRemoved]),
        (
            .serving,
            [
                .controllerSessionAuthenticated, .controllerSessionOpened, .controllerPushDerived, .controllerPushSent,
                .controllerReportReceived,
            ]
        ),
        (.rollingOut, [.controllerRolloutDecided, .controllerRolloutRecorded]),
        (.aborting, [.controllerOrderChecked, .controllerOrderObeyed]),
        (.rollingBack, [.controllerRollBackBegun, .controllerRollBackDone]),
        (.certifying, [.controllerRenewalIssued, .controllerRenewalStored, .controllerRenewalSettled]),
        (.learning, [.controllerAddressTold, .controllerAddressLearned]),
    ]

    @Test func everyPointIsInAScenario() {
        let all = DeskTests.points + Self.scenarios.flatMap(\.points)
        #expect(Set(all) == Set(Failpoint.allCases))
        #expect(all.count == Failpoint.allCases.count)
    }

    /// Names with commas between them: those alone. `all`, or nothing: all of them.
    private static let asked: Set<String>? = {
        let text = ProcessInfo.processInfo.environment["WARREN_FAILPOINTS"] ?? "all"
        return text == "all" ? nil : Set(text.split(separator: ",").map(String.init))
    }()

    @Test func whatDiesHarmsNoMesh() async {
        let all = Self.scenarios.flatMap { scenario in
            scenario.points.map { Wards.Scenario(death: scenario.death, point: $0) }
        }
        let unknown = Self.asked?.subtracting(all.map(\.point.rawValue)) ?? []
        #expect(unknown == [], "no points of a gateway: nothing would be tried")
        // The long ones first, so that none of them is left over for the end.
        await Wards.run(all.reversed().filter { Self.asked?.contains($0.point.rawValue) ?? true })
    }
}

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
        (.renewing, [.agentRenewalAnswered, .agentRenewalStored]),
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

    /// At least one of each kind of death but those that wait for a certificate to grow old: what each `make test` affords.
    private static let samples: Set<Failpoint> = [
        .agentTunnelAfter, .agentTrialStaged, .agentPeerRemoved, .agentRejectionBegun, .agentRollBackDecided, .tunnelPeerBefore,
        .controllerPushSent, .controllerRolloutRecorded, .controllerRollBackBegun, .controllerAddressTold,
    ]

    @Test func everyPointIsInAScenario() {
        let all = DeskTests.points + Self.scenarios.flatMap(\.points)
        #expect(Set(all) == Set(Failpoint.allCases))
        #expect(all.count == Failpoint.allCases.count)
    }

    /// `all`, which takes some minutes, or names with commas between them; nothing: the samples.
    private static let asked = ProcessInfo.processInfo.environment["WARREN_FAILPOINTS"]

    private static func isChosen(_ point: Failpoint) -> Bool {
        guard let asked else { return samples.contains(point) }
        return asked == "all" || asked.split(separator: ",").contains { $0 == point.rawValue }
    }

    @Test func whatDiesHarmsNoMesh() async {
        let all = Self.scenarios.flatMap { scenario in
            scenario.points.map { Wards.Scenario(death: scenario.death, point: $0) }
        }
        // The long ones first, so that none of them is left over for the end.
        await Wards.run(all.reversed().filter { Self.isChosen($0.point) })
    }
}

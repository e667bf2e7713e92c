import Foundation
import Glibc
import Testing
import WarrenClient
import WarrenFailpoints
import WarrenInventory
import WarrenModel
import WarrenStatus

@testable import WarrenLab

/// A gateway's programs and its controller die at every point of a boot and of a change; each time the mesh becomes whole
/// again by itself, once the dead program is started anew. As root, with the built programs.
@Suite(.serialized) struct GatewayTests {
    static let boot: [Failpoint] = [
        .agentRestored, .agentApplyBegun, .agentFirewallBefore, .agentFirewallAfter, .agentTranslationsBefore,
        .agentTranslationsAfter, .agentUnreachableBefore, .agentUnreachableAfter, .agentPolicyBefore, .agentPolicyAfter,
        .agentTunnelBefore, .agentTunnelAfter, .agentPeerBefore, .agentPeerAfter, .agentRouteBefore, .agentRouteAfter,
        .agentApplied, .agentSessionGreeted, .agentSessionOpened, .agentReported,
    ]
    static let change: [Failpoint] = [
        .agentReceived, .agentTrialStaging, .agentTrialStaged, .agentTrialReconnecting, .agentTrialConfirmed,
        .agentTrialDiscarded, .agentStoring, .agentStored, .agentRouteRemoving, .agentRouteRemoved,
    ]
    static let daemon: [Failpoint] = [
        .tunnelServing, .tunnelRequested, .tunnelAttachBefore, .tunnelAttachAfter, .tunnelPolicyAdded, .tunnelPeerBefore,
        .tunnelPeerAfter,
    ]
    static let session: [Failpoint] = [
        .controllerSessionAuthenticated, .controllerSessionOpened, .controllerPushDerived, .controllerPushSent,
        .controllerReportReceived,
    ]
    static let rollout: [Failpoint] = [.controllerRolloutDecided, .controllerRolloutRecorded]

    @Test func everyPointIsInAScenario() {
        let desk = [
            DeskTests.firstStart, DeskTests.token, DeskTests.enrolment, DeskTests.agentEnrolment, DeskTests.accept,
            DeskTests.backup, DeskTests.restore,
        ]
        let all = (desk + [Self.boot, Self.change, Self.daemon, Self.session, Self.rollout]).flatMap { $0 }
        #expect(Set(all) == Set(Failpoint.allCases))
        #expect(all.count == Failpoint.allCases.count)
    }

    /// Some minutes: for `make failpoints`.
    static let isAskedFor = ProcessInfo.processInfo.environment["WARREN_ALL_FAILPOINTS"] != nil

    @Test(.enabled(if: isAskedFor)) func aGatewayThatDiesBootingOrChanging() async throws {
        try await Ward.with("fail-gateway") { ward in
            for point in Self.boot { try await ward.survives(point) { try await ward.dieBooting($0) } }
            for point in Self.change { try await ward.survives(point) { try await ward.dieChanging($0) } }
        }
    }

    @Test(.enabled(if: isAskedFor)) func aDaemonOrControllerThatDies() async throws {
        try await Ward.with("fail-others") { ward in
            for point in Self.daemon { try await ward.survives(point) { try await ward.loseDaemon($0) } }
            for point in Self.session { try await ward.survives(point) { try await ward.loseController($0) } }
            for point in Self.rollout {
                try await ward.survives(point) { try await ward.loseController($0, applying: true) }
            }
        }
    }
}

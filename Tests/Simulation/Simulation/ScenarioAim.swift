import SeededRandom
import WarrenFailpoints
import WarrenModel

extension Scenario {
    /// Lets a program die at this point, and what leads it there happen.
    mutating func aim(at point: Failpoint, _ random: inout SeededNumbers) {
        let site = random.number(0...gateways - 1), isPowerCut = random.chance(400)
        let death = Fault.dies(point, site, isPowerCut: isPowerCut)
        guard let operations = Self.causes(of: point, site, other: (site + 1) % gateways) else {
            return beginning.append(death)
        }
        let start = random.number(1_000...20_000)
        add(.fault(death), at: start)
        for (number, what) in operations.enumerated() { add(what, at: start + 1_000 + number * 6_000) }
        if point.isOfRenewal { certificateLifetime = random.number(150...180) }
    }

    private mutating func add(_ what: What, at time: Int) { items.append(Item(at: time, what: what)) }

    /// What makes a program of that gateway pass the point; nil when it does so at the beginning.
    private static func causes(of point: Failpoint, _ site: Int, other: Int) -> [What]? {
        func operations(_ all: Operation...) -> [What] { all.map { .operation($0) } }
        let change = operations(.apply(.everything))
        switch point {
        case .controllerAuthorityKeyed, .controllerAuthorityMade, .controllerSecretMade, .controllerFileWritten,
            .controllerFileFlushed, .controllerFileRenamed, .controllerFileDurable, .agentEnrolTrusted, .agentEnrolKeyed:
            return nil
        case .controllerTokenMade, .controllerTokenStored, .controllerEnrolChecked, .controllerEnrolIssued,
            .controllerEnrolStored, .agentEnrolAnswered, .agentEnrolStored:
            return operations(.replace(site))
        case .controllerRevokeDecided, .controllerRevokeStored: return operations(.revoke(site))
        case .controllerOrderChecked, .controllerOrderObeyed: return change + operations(.pause, .resume)
        case .controllerRollBackBegun, .controllerRollBackDone: return change + operations(.rollBackNow)
        case .controllerAddressTold, .controllerAddressLearned: return [.fault(.readdressed(site))]
        case .backupCopied, .backupWritten, .backupRenamed: return operations(.backUp)
        case .restoreUnpacked, .restoreRaised, .restoreExchanged: return operations(.backUp, .apply(.everything), .restore)
        case .agentRollBackAsked, .agentRollBackDecided: return change + operations(.rollBackByHand(site))
        case .agentRestored, .agentSessionGreeted, .agentSessionOpened, .controllerSessionAuthenticated,
            .controllerSessionOpened, .agentUnreachableBefore, .agentUnreachableAfter, .agentRouteBefore, .agentRouteAfter,
            .agentTunnelBefore, .agentTunnelAfter, .tunnelAttachBefore, .tunnelAttachAfter, .tunnelServing:
            return [.fault(.reboot(site))]
        case .agentRejectionBegun, .agentRejectionStored, .agentTrialDiscarded:
            return [.fault(.badPlan(BadPlan(harm: .refused, oneIn: 1)))] + change
        case .agentTranslationsBefore, .agentTranslationsAfter: return operations(.apply(.translate(site)))
        case .agentRouteRemoving, .agentRouteRemoved,
            .agentUnreachableRemoving, .agentUnreachableRemoved:
            return operations(.apply(.translate(other)), .apply(.translate(other)))
        case .agentTunnelRemoving, .agentTunnelRemoved, .agentPeerRemoving, .agentPeerRemoved, .agentPolicyRemoving,
            .agentPolicyRemoved, .tunnelDetached, .tunnelPolicyRemoved, .tunnelPeerRemoved:
            return operations(.drain(site))
        default: return change
        }
    }
}

extension Failpoint {
    fileprivate var isOfRenewal: Bool { rawValue.contains(".renewal.") }
}

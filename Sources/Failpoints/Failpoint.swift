/// Every point at which a program can be made to die, in the order in which a mesh's life passes them.
public enum Failpoint: String, Sendable, CaseIterable {
    // MARK: warrend

    /// The first start: the authority has its key, then its certificate; the secret is there.
    case controllerAuthorityKeyed = "controller.authority.keyed"
    case controllerAuthorityMade = "controller.authority.made"
    case controllerSecretMade = "controller.secret.made"
    /// A file of the state: written, flushed, renamed, and its folder flushed.
    case controllerFileWritten = "controller.file.written"
    case controllerFileFlushed = "controller.file.flushed"
    case controllerFileRenamed = "controller.file.renamed"
    case controllerFileDurable = "controller.file.durable"
    /// A transaction of the store: conditions hold; all is written; it is committed.
    case storeTransactionBegun = "store.transaction.begun"
    case storeTransactionWritten = "store.transaction.written"
    case storeTransactionCommitted = "store.transaction.committed"
    /// A token: made, stored.
    case controllerTokenMade = "controller.token.made"
    case controllerTokenStored = "controller.token.stored"
    /// An enrolment: token good, certificate issued, token used up.
    case controllerEnrolChecked = "controller.enrol.checked"
    case controllerEnrolIssued = "controller.enrol.issued"
    case controllerEnrolStored = "controller.enrol.stored"
    /// A renewal: certificate issued, stored beside the old one; the old one forgotten once the new one is seen.
    case controllerRenewalIssued = "controller.renewal.issued"
    case controllerRenewalStored = "controller.renewal.stored"
    case controllerRenewalSettled = "controller.renewal.settled"
    /// The end of the trust in an agent: decided, stored.
    case controllerRevokeDecided = "controller.revoke.decided"
    case controllerRevokeStored = "controller.revoke.stored"
    /// An accepted generation: derived, stored, noted. Then each step of its roll-out.
    case controllerAcceptDerived = "controller.accept.derived"
    case controllerAcceptStored = "controller.accept.stored"
    case controllerAcceptNoted = "controller.accept.noted"
    case controllerRolloutDecided = "controller.rollout.decided"
    case controllerRolloutRecorded = "controller.rollout.recorded"
    /// An order to the roll-out that is under way, and a rolling back that it leads to.
    case controllerOrderChecked = "controller.order.checked"
    case controllerOrderObeyed = "controller.order.obeyed"
    case controllerRollBackBegun = "controller.roll-back.begun"
    case controllerRollBackDone = "controller.roll-back.done"
    /// A public address that an agent tells.
    case controllerAddressTold = "controller.address.told"
    case controllerAddressLearned = "controller.address.learned"
    /// An agent's session.
    case controllerSessionAuthenticated = "controller.session.authenticated"
    case controllerSessionOpened = "controller.session.opened"
    case controllerPushDerived = "controller.push.derived"
    case controllerPushSent = "controller.push.sent"
    case controllerReportReceived = "controller.report.received"
    /// A backup: the database copied, the file written, renamed.
    case backupCopied = "backup.copied"
    case backupWritten = "backup.written"
    case backupRenamed = "backup.renamed"
    /// A restore: files unpacked, epoch raised, folders exchanged.
    case restoreUnpacked = "restore.unpacked"
    case restoreRaised = "restore.raised"
    case restoreExchanged = "restore.exchanged"

    // MARK: warren-agent

    /// Enrolment: the authority is known, the key is kept, the certificate is there, the identity is stored.
    case agentEnrolTrusted = "agent.enrol.trusted"
    case agentEnrolKeyed = "agent.enrol.keyed"
    case agentEnrolAnswered = "agent.enrol.answered"
    case agentEnrolStored = "agent.enrol.stored"
    /// A renewal: the new key is kept, the new certificate is there, is stored.
    case agentRenewalKeyed = "agent.renewal.keyed"
    case agentRenewalAnswered = "agent.renewal.answered"
    case agentRenewalStored = "agent.renewal.stored"
    /// A file of the state: written, flushed, renamed, and its folder flushed.
    case agentFileWritten = "agent.file.written"
    case agentFileFlushed = "agent.file.flushed"
    case agentFileRenamed = "agent.file.renamed"
    case agentFileDurable = "agent.file.durable"
    /// Boot, and the session.
    case agentRestored = "agent.restored"
    case agentSessionGreeted = "agent.session.greeted"
    case agentSessionOpened = "agent.session.opened"
    case agentReceived = "agent.received"
    /// A desired state on trial.
    case agentTrialStaging = "agent.trial.staging"
    case agentTrialStaged = "agent.trial.staged"
    case agentTrialReconnecting = "agent.trial.reconnecting"
    case agentTrialConfirmed = "agent.trial.confirmed"
    case agentTrialDiscarded = "agent.trial.discarded"
    /// Going back, by itself or by hand: what is gone back from is to be written down, is written down.
    case agentRejectionBegun = "agent.rejection.begun"
    case agentRejectionStored = "agent.rejection.stored"
    /// Somebody on the gateway asks to go back; the answer is known.
    case agentRollBackAsked = "agent.roll-back.asked"
    case agentRollBackDecided = "agent.roll-back.decided"
    /// One run of the driver: begun, each kind of operation before and after, ended.
    case agentApplyBegun = "agent.apply.begun"
    case agentFirewallBefore = "agent.apply.firewall.before"
    case agentFirewallAfter = "agent.apply.firewall.after"
    case agentTranslationsBefore = "agent.apply.translations.before"
    case agentTranslationsAfter = "agent.apply.translations.after"
    case agentUnreachableBefore = "agent.apply.unreachable.before"
    case agentUnreachableAfter = "agent.apply.unreachable.after"
    case agentPolicyBefore = "agent.apply.policy.before"
    case agentPolicyAfter = "agent.apply.policy.after"
    case agentTunnelBefore = "agent.apply.tunnel.before"
    case agentTunnelAfter = "agent.apply.tunnel.after"
    case agentPeerBefore = "agent.apply.peer.before"
    case agentPeerAfter = "agent.apply.peer.after"
    case agentRouteBefore = "agent.apply.route.before"
    case agentRouteAfter = "agent.apply.route.after"
    case agentRouteRemoving = "agent.apply.route.removing"
    case agentRouteRemoved = "agent.apply.route.removed"
    case agentTunnelRemoving = "agent.apply.tunnel.removing"
    case agentTunnelRemoved = "agent.apply.tunnel.removed"
    case agentPeerRemoving = "agent.apply.peer.removing"
    case agentPeerRemoved = "agent.apply.peer.removed"
    case agentPolicyRemoving = "agent.apply.policy.removing"
    case agentPolicyRemoved = "agent.apply.policy.removed"
    case agentUnreachableRemoving = "agent.apply.unreachable.removing"
    case agentUnreachableRemoved = "agent.apply.unreachable.removed"
    case agentApplied = "agent.applied"
    /// The last good state.
    case agentStoring = "agent.store.begun"
    case agentStored = "agent.store.done"
    case agentReported = "agent.reported"

    // MARK: warren-tunneld

    case tunnelServing = "tunnel.serving"
    case tunnelRequested = "tunnel.requested"
    case tunnelAttachBefore = "tunnel.attach.before"
    case tunnelAttachAfter = "tunnel.attach.after"
    case tunnelPolicyAdded = "tunnel.policy.added"
    case tunnelPeerBefore = "tunnel.peer.before"
    case tunnelPeerAfter = "tunnel.peer.after"
    case tunnelDetached = "tunnel.detached"
    case tunnelPolicyRemoved = "tunnel.policy.removed"
    case tunnelPeerRemoved = "tunnel.peer.removed"
}

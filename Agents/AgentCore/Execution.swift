extension Operation {
    /// It guards the gateway rather than carries its traffic.
    private var isProtective: Bool {
        switch self {
        case .setFirewall, .setTranslations, .addUnreachable, .removeUnreachable, .addPolicy, .removePolicy: true
        case .setTunnel, .removeTunnel, .setPeer, .removePeer, .addRoute, .removeRoute: false
        }
    }

    /// It takes protection away, or may.
    private var weakensProtection: Bool {
        switch self {
        case .setFirewall, .setTranslations, .removeUnreachable, .removePolicy: true
        default: false
        }
    }

    /// Whether this may still be done in a pass of which `failed` could not be. What guards is the ground of all that
    /// follows it; a fault in what carries harms only its own peer, but then nothing that guards is taken away.
    public func mayFollow(failed: [Operation]) -> Bool {
        if failed.contains(where: \.isProtective) { return false }
        return failed.isEmpty || !weakensProtection
    }
}

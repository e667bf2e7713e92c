import WarrenModel
import WarrenStatus

extension APIMessage {
    /// `GET /v1/links/{a--b}`: all that is known of one link.
    public struct LinkDetails: Sendable, Codable {
        public var status: LinkStatus
        /// In order of the sites' names.
        public var ends: [LinkEnd]
        /// The latest that tell of the link, oldest first.
        public var events: [Event]
        public init(status: LinkStatus, ends: [LinkEnd], events: [Event]) {
            self.status = status
            self.ends = ends
            self.events = events
        }
    }

    /// What the gateway at one end last said of the link.
    public struct LinkEnd: Sendable, Codable {
        public var site: SiteName
        public var connected: Bool
        /// Nil when it has not reported since the controller started.
        public var reportSecondsAgo: Double?
        public var tunnel: TunnelReport?
        public var securityAssociations: [SAReport]
        public var ike: IKEReport?
        public var probe: ProbeReport?
        /// Of its gateway, whichever link it concerns.
        public var drift: [String]
        public init(
            site: SiteName, connected: Bool, reportSecondsAgo: Double?, tunnel: TunnelReport?,
            securityAssociations: [SAReport], ike: IKEReport?, probe: ProbeReport?, drift: [String]
        ) {
            self.site = site
            self.connected = connected
            self.reportSecondsAgo = reportSecondsAgo
            self.tunnel = tunnel
            self.securityAssociations = securityAssociations
            self.ike = ike
            self.probe = probe
            self.drift = drift
        }
    }

    /// `GET /v1/links/{a--b}/samples?since=TIME&step=SECONDS`: how the link was, from `since` (RFC 3339; an hour ago unless
    /// given) on. What is kept in steps of 10 s, 1 min or 15 min is told in the smallest of these that is at least `step` and
    /// reaches back to `since`.
    public struct LinkSamples: Sendable, Codable {
        public var link: LinkID
        public var stepSeconds: UInt32
        /// Oldest first; there is none for a time in which nothing was kept.
        public var samples: [Sample]
        public init(link: LinkID, stepSeconds: UInt32, samples: [Sample]) {
            self.link = link
            self.stepSeconds = stepSeconds
            self.samples = samples
        }
    }

    /// One step of a link's history.
    public struct Sample: Sendable, Codable {
        /// The step's beginning; RFC 3339, UTC.
        public var at: String
        /// The worst that it was in.
        public var state: LinkState
        /// Means of the step.
        public var rttMs: Double?
        public var lossPercent: Double?
        public var rxBps: Double?
        public var txBps: Double?
        public init(
            at: String, state: LinkState, rttMs: Double? = nil, lossPercent: Double? = nil, rxBps: Double? = nil,
            txBps: Double? = nil
        ) {
            self.at = at
            self.state = state
            self.rttMs = rttMs
            self.lossPercent = lossPercent
            self.rxBps = rxBps
            self.txBps = txBps
        }
    }
}

import AgentCore
import SeededRandom
import WarrenModel
import WarrenPlan
import WarrenRollout

/// One gateway: a host with a disk, a clock and a data plane, and the agent that runs on it, or does not.
final class Gateway {
    let number: Int
    let site: SiteName
    var random: SeededNumbers
    var disk = SimulatedDisk()
    let plane = SimulatedDataPlane()

    // MARK: The host

    /// Whether it is switched on.
    var isOn = false
    var boot = 0
    /// What its monotonic clock showed at the beginning of the simulation; another after each boot.
    var clockOrigin: UInt64 = 0
    /// Its wall clock is wrong by so many seconds. Nobody reads it: that is what is to be shown.
    var wallClockError = 0
    /// What blocks its way to the controller, and the way back.
    var blockedUp = 0, blockedDown = 0
    var slowness: UInt64 = 1
    /// Which of its own addresses it is at, for sites whose address is learned.
    var addressSerial = 0 { didSet { news += 1 } }

    // MARK: The agent

    /// Somebody has set it up for its site.
    var isClaimed = false
    /// Which hardware it is, counted from 0, and what it took the place of.
    var host = 0
    var formerHost: FormerHost?
    /// What the agent that runs shows; nil before it ever ran.
    var identity: Certificate?
    /// An enrolment that is to be made, and which run of the program is at it.
    var errand: Errand?
    var errandRun = 0
    var isTokenRequested = false
    var isAgentRunning = false
    /// Grows with each start of the agent: what an earlier one had under way is void.
    var life = 0
    private(set) var state: AgentState
    /// What the state comes to, for those who look often.
    private(set) var account: Account
    var storageFault: String? { didSet { news += 1 } }
    var reconciliation: Int?
    var reconciliations = 0
    var isAbandoned = false
    /// What the data plane was found to be, and after how many of its changes.
    var reconciled: (desired: DesiredState, changes: Int)?
    /// What the rules found nothing wrong with, likewise.
    var checked: (desired: DesiredState, changes: Int)?
    /// What the controller sent it last.
    var sent: DesiredState?
    var lastStream: UInt64 = 0
    var stream: Stream?
    var streamOpened: UInt64 = 0
    var backoff = Backoff()
    var isReportDue = false
    /// Grows with all that a report tells beside what the data plane has.
    var news = 0
    /// The last report, and with how many news and changes of the data plane it was made.
    var made: (report: MadeReport, news: Int, changes: Int)?
    /// When the agent looks next whether a report is due, and when it is given a tick.
    var nextLook: UInt64 = 0
    var nextTick: UInt64 = 0
    /// When in a quarter of a second it looks at the clock.
    var beat: UInt64 = 0
    var crashes = 0

    // MARK: What is known of it for the rules

    /// The newest version that became its last good state, of each epoch; what was confirmed or needed no confirmation.
    var goodVersion = StateVersion.none
    /// Since when something that happened to this host may excuse its links.
    var lastTrouble: UInt64 = 0

    init(_ number: Int, seed: UInt64) {
        self.number = number
        let digits = String(number)
        site = SiteName("s" + String(repeating: "0", count: max(0, 2 - digits.count)) + digits)!
        random = SeededNumbers(seed: seed, stream: 100 + UInt64(number))
        state = AgentState(site: site)
        account = Account(state)
    }

    /// The agent is new: it knows nothing.
    func startState() {
        state = AgentState(site: site, interval: .seconds(20))
        account = Account(state)
        news += 1
    }

    func handle(_ event: AgentState.Event, _ time: UInt64) -> [AgentState.Action] {
        let actions = state.handle(event, now: clock(time))
        account = Account(state)
        news += 1
        return actions
    }

    struct Account {
        let version: StateVersion
        let isOnTrial: Bool, isChanging: Bool, hasTarget: Bool, hasTrial: Bool
        let rejected: StateVersion?
        let failure: String?
        let repairs: [String]
        let deadline: MonotonicTime?

        init(_ state: AgentState) {
            version = state.version
            isOnTrial = state.isOnTrial
            isChanging = state.isChanging
            hasTarget = state.target != nil
            hasTrial = state.trial != nil
            rejected = state.rejected
            failure = state.failure
            repairs = state.recentRepairs
            deadline = state.deadline()
        }
    }

    var path: (up: Bool, down: Bool) { (blockedUp == 0, blockedDown == 0) }

    /// The clock that counts sleep and that nobody sets.
    func clock(_ now: UInt64) -> MonotonicTime { MonotonicTime(nanoseconds: now + clockOrigin) }

    /// The addresses that the host is reached at: any of the inventory's, or the one that it has by now.
    func has(_ address: IPAddress) -> Bool { !Mesh.isLearned(number) || address == Mesh.learnedAddress(number, addressSerial) }
}

/// A report as it is sent and received, large and kept by reference.
final class MadeReport {
    let report: AgentReport
    /// What a roll-out takes from it.
    private(set) lazy var account = GatewayAccount(report)

    init(_ report: AgentReport) { self.report = report }
}

/// Thrown where a program dies.
struct Death: Error {}

/// Thrown where the host goes down.
struct PowerFailure: Error {}

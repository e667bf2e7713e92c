import AgentCore
import SeededRandom
import WarrenFailpoints
import WarrenModel
import WarrenPlan
import WarrenRollout
import WarrenStatus

/// A whole mesh in simulated time: gateways with their agents, disks and data planes, a controller with its store, and the
/// network between them. What decides is the programs' own code; what it decides about is simulated.
///
/// Real: `MeshControl` and `Rollout`, `MeshDerivation` and transitions, `AgentState`, `reconcile`, `drift`, `Backoff`,
/// `ReportSchedule`, `LinkWatch` and the derivation of links' states, `WarrenTrust`; with `Scenario.IKE.engine` also the IKE engine, all that
/// the tunnel daemon decides, and the databases of policies. Simulated: disks, streams, clocks, certificates, data planes, and,
/// unless the engine plays, IKE. Programs die at the same points as the real ones: at each `Failpoint`.
///
/// Everything follows from the scenario. After each event the rules of `Rules` are checked; the first that is broken ends it.
public final class Simulation {
    public let scenario: Scenario
    public internal(set) var violation: String?
    /// Of all that happened, in order.
    public private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    public private(set) var eventCount = 0
    public internal(set) var figures = Figures()
    /// The story, when it is wanted.
    public private(set) var trace: [String] = []
    let isTracing: Bool
    /// After each operation on a gateway, the whole gateway is looked at, too.
    let checksEverything: Bool

    /// Since the beginning, in nanoseconds.
    var now: UInt64 = 0
    private var queue = EventQueue()
    var random: SeededNumbers
    var weather = SeededNumbers(seed: 0)
    var gateways: [Gateway] = []
    var numbers: [SiteName: Int] = [:]
    var controller = Controller()
    /// All that ever were.
    var streams: [Stream] = []
    var links: any LinkLayer
    var keys = KeyRing()
    var rules = Rules()
    /// Datagrams and segments lost, of a thousand.
    var loss = 0
    /// While it is above zero, what is sent arrives twice.
    var doubling = 0
    var badPlans: [Generation: Scenario.BadPlan] = [:]
    var nextBadPlan: Scenario.BadPlan?
    /// Faults that wait for a program to pass a point.
    var armed: [Armed] = []
    /// Where programs died.
    public internal(set) var deathPoints: Set<Failpoint> = []
    var trust = TrustLedger()
    var lastSerial = 0
    /// How each fault that lasts is ended.
    var faultsUnderWay: [(() -> Void)?] = []
    /// No more faults from now on.
    var isCalm = false
    var calmSince: UInt64 = 0
    /// A generation that touches every gateway was accepted in the calm.
    var isHealed = false

    static let controllerHost = -1

    struct Armed {
        let point: Failpoint
        let host: Int
        let isPowerCut: Bool
    }

    /// The fault that strikes when this host passes this point; once.
    func takeDeath(_ point: Failpoint, _ host: Int) -> Armed? {
        guard !armed.isEmpty, let index = armed.firstIndex(where: { $0.point == point && $0.host == host }) else { return nil }
        deathPoints.insert(point)
        return armed.remove(at: index)
    }

    public struct Figures: Sendable {
        public var operations = 0
        public var deaths = 0
        public var generations = 0
        public var rolledBack = 0
        public var harmed = 0
        public var simulatedSeconds = 0.0
    }

    public init(_ scenario: Scenario, isTracing: Bool = false, checksEverything: Bool = false) {
        self.scenario = scenario
        self.isTracing = isTracing
        self.checksEverything = checksEverything
        random = SeededNumbers(seed: scenario.seed, stream: 1)
        weather = SeededNumbers(seed: scenario.seed, stream: 2)
        links = scenario.ike == .engine ? EngineLinks() : ModelLinks()
        for number in 0..<scenario.gateways + 8 {
            let gateway = Gateway(number, seed: scenario.seed)
            gateways.append(gateway)
            numbers[gateway.site] = number
        }
        links.prepare(self)
    }

    // MARK: Time

    func after(_ delay: UInt64, _ label: StaticString, _ site: Int = -1, _ body: @escaping () -> Void) {
        queue.add(at: now + delay, label, site, body)
    }

    /// What is still to happen holds on to all of it.
    func end() {
        queue = EventQueue()
        faultsUnderWay = []
        for stream in streams { stream.forgetHeld() }
        for gateway in gateways { gateway.stream = nil }
        streams = []
    }

    /// Lets things happen for so many seconds; false when a rule was broken.
    @discardableResult
    func run(seconds: Double) -> Bool {
        let end = now + UInt64(seconds * 1e9)
        while violation == nil, let entry = queue.removeFirst(until: end) {
            now = entry.time
            eventCount += 1
            mix(entry.time)
            mix(UInt64(bitPattern: Int64(entry.site)))
            mix(entry.label.sum)
            entry.body()
            if violation == nil, let broken = rules.takeBroken() { fail(broken) }
        }
        if violation == nil { now = end }
        return violation == nil
    }

    func mix(_ value: UInt64) { hash = (hash ^ value) &* 0x0000_0100_0000_01B3 }

    func fail(_ text: String) {
        guard violation == nil else { return }
        violation = "at \(timeText): \(text)"
        note("broken: \(text)")
    }

    func note(_ text: @autoclosure () -> String) {
        if isTracing { trace.append("\(timeText) \(text())") }
    }

    private var timeText: String {
        let milliseconds = now / 1_000_000
        let fraction = String(milliseconds % 1_000)
        return "\(milliseconds / 1_000)." + String(repeating: "0", count: 3 - fraction.count) + fraction + " s"
    }
}

extension StaticString {
    /// Tells labels apart, whatever process they are in.
    var sum: UInt64 {
        withUTF8Buffer { bytes in
            var sum = UInt64(bytes.count)
            func add(_ word: UInt64) { sum = sum &* 0x9E37_79B9_7F4A_7C15 ^ word }
            let raw = UnsafeRawBufferPointer(bytes), whole = bytes.count / 8 * 8
            for start in stride(from: 0, to: whole, by: 8) {
                add(UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: start, as: UInt64.self)))
            }
            if whole < bytes.count { add(bytes[whole...].reduce(0) { $0 << 8 | UInt64($1) }) }
            return sum
        }
    }
}

let millisecond: UInt64 = 1_000_000
let second: UInt64 = 1_000_000_000

/// The keys of links, as they would be derived. Sites of the same name that are not the same site have different keys.
struct KeyRing {
    private var keys: [PSKReference: PreSharedKey] = [:]

    mutating func key(_ reference: PSKReference) -> PreSharedKey {
        if let key = keys[reference] { return key }
        var bytes = Array(reference.description.utf8.prefix(32))
        bytes += Array(repeating: 0, count: 32 - bytes.count)
        let key = PreSharedKey(SecretBytes(bytes))
        keys[reference] = key
        return key
    }
}
